"""Keys, signatures and encryption of SMB 2 and 3 ([MS-SMB2] 3.1.4), on python3-cryptography."""
import hashlib
import hmac
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM

AES_128_CCM, AES_128_GCM, AES_256_CCM, AES_256_GCM = 1, 2, 3, 4
HMAC_SHA256, AES_CMAC, AES_GMAC = 0, 1, 2


def kdf(key, label, context, bits=128):
    """SP800-108 in counter mode with HMAC-SHA256. [MS-SMB2] 3.1.4.2."""
    data = struct.pack(">I", 1) + label + b"\0" + context + struct.pack(">I", bits)
    return hmac.new(key, data, hashlib.sha256).digest()[:bits // 8]


class Keys:
    def __init__(self, dialect, session_key, preauth_hash, cipher):
        bits = 256 if cipher in (AES_256_CCM, AES_256_GCM) else 128
        if dialect < 0x300:
            self.signing, self.to_server, self.to_client = session_key, None, None
        elif dialect < 0x311:
            self.signing = kdf(session_key, b"SMB2AESCMAC\0", b"SmbSign\0")
            self.to_server = kdf(session_key, b"SMB2AESCCM\0", b"ServerIn \0")
            self.to_client = kdf(session_key, b"SMB2AESCCM\0", b"ServerOut\0")
        else:
            self.signing = kdf(session_key, b"SMBSigningKey\0", preauth_hash)
            self.to_server = kdf(session_key, b"SMBC2SCipherKey\0", preauth_hash, bits)
            self.to_client = kdf(session_key, b"SMBS2CCipherKey\0", preauth_hash, bits)


def signature(algorithm, key, message, *, is_response=False):
    """Of a message whose signature field is zero. [MS-SMB2] 3.1.4.1."""
    if algorithm == HMAC_SHA256:
        return hmac.new(key, message, hashlib.sha256).digest()[:16]
    if algorithm == AES_CMAC:
        mac = cmac.CMAC(algorithms.AES(key))
        mac.update(message)
        return mac.finalize()
    message_id, = struct.unpack_from("<Q", message, 24)
    command, = struct.unpack_from("<H", message, 12)
    bits = (1 if is_response else 0) | (2 if command == 12 else 0)  # 2: a CANCEL
    return AESGCM(key).encrypt(struct.pack("<QI", message_id, bits), b"", message)


def aead(cipher, key):
    """The AEAD and its nonce's length."""
    return (AESCCM(key, tag_length=16), 11) if cipher in (AES_128_CCM, AES_256_CCM) else (AESGCM(key), 12)


def seal(cipher, key, session_id, message, counter, *, flags=1, size=None):
    """A TRANSFORM_HEADER and the encrypted message. [MS-SMB2] 3.1.4.3."""
    algorithm, length = aead(cipher, key)
    nonce = counter.to_bytes(length, "little")
    rest = struct.pack("<16sIHHQ", nonce, len(message) if size is None else size, 0, flags, session_id)
    sealed = algorithm.encrypt(nonce, message, rest)
    return b"\xfdSMB" + sealed[-16:] + rest + sealed[:-16]


def unseal(cipher, key, frame):
    algorithm, length = aead(cipher, key)
    rest = frame[20:52]
    try:
        return algorithm.decrypt(rest[:length], frame[52:] + frame[4:20], rest)
    except InvalidTag:
        raise ValueError("the server's encrypted message does not open") from None

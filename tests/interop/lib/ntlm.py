"""An NTLMSSP initiator that can also do what a server has to refuse ([MS-NLMP]), and the SPNEGO around it."""
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from md4 import md4

SIGNATURE = b"NTLMSSP\0"
UNICODE, REQUEST_TARGET, SIGN, SEAL, ALWAYS_SIGN = 0x1, 0x4, 0x10, 0x20, 0x8000
NTLM, ANONYMOUS, EXTENDED, TARGET_INFO = 0x200, 0x800, 0x80000, 0x800000
VERSION, KEY_128, KEY_EXCHANGE, KEY_56 = 0x2000000, 0x20000000, 0x40000000, 0x80000000
FLAGS = UNICODE | REQUEST_TARGET | SIGN | SEAL | ALWAYS_SIGN | NTLM | EXTENDED | TARGET_INFO | KEY_128 | KEY_EXCHANGE
AV_EOL, AV_FLAGS, AV_TIMESTAMP, AV_TARGET_NAME = 0, 6, 7, 9


def utf16(text):
    return text.encode("utf-16-le")


def rc4(key, data):
    return Cipher(algorithms.ARC4(key), None).encryptor().update(data)


def des(key56, block):
    """DES with the 7-byte key of [MS-NLMP] 3.3.1's DESL; three keys of it are a triple DES that is a single one."""
    bits = int.from_bytes(key56, "big")
    key = bytes(((bits >> (49 - 7 * i)) & 0x7F) << 1 for i in range(8))
    return Cipher(algorithms.TripleDES(key * 3), modes.ECB()).encryptor().update(block)


def nt_hash(password):
    return md4(utf16(password))


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def av_pairs(info):
    pairs, at = [], 0
    while at + 4 <= len(info):
        kind, length = struct.unpack_from("<HH", info, at)
        if kind == AV_EOL:
            break
        pairs.append((kind, info[at + 4:at + 4 + length]))
        at += 4 + length
    return pairs


def encode_av_pairs(pairs):
    return b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in pairs) + bytes(4)


class Initiator:
    """One logon. `session_key` is there after authenticate()."""

    def __init__(self, user, password, *, domain="", version=2, anonymous=False, mic=True, target="cifs/storehouse",
                 spoil_mic=False):
        self.user, self.password, self.domain, self.version = user, password, domain, version
        self.anonymous, self.mic, self.target, self.spoil_mic = anonymous, mic, target, spoil_mic
        self.flags = FLAGS if version == 2 else FLAGS & ~EXTENDED
        self.session_key = None
        self.negotiate_message = self.challenge_message = b""

    def negotiate(self):
        self.negotiate_message = SIGNATURE + struct.pack("<II", 1, self.flags | VERSION) + bytes(16) + bytes(8)
        return self.negotiate_message

    def mech_list_mic(self, spoil=False):
        """GSS_GetMIC of the mechanism list, with sequence number 0. [MS-NLMP] 3.4.4.2, RFC 4178 5."""
        derive = lambda what: hashlib.md5(
            self.session_key + b"session key to client-to-server " + what + b" key magic constant\0").digest()
        checksum = hmac_md5(derive(b"signing"), bytes(4) + MECHANISMS)[:8]
        checksum = rc4(derive(b"sealing"), checksum)
        return struct.pack("<I", 1) + (bytes(8) if spoil else checksum) + bytes(4)

    def _responses(self, challenge, target_info):
        """NT response, LM response, session base key."""
        hashed = nt_hash(self.password)
        if self.anonymous:
            return b"", b"\0", bytes(16)
        if self.version == 1:  # [MS-NLMP] 3.3.1
            desl = des(hashed[:7], challenge) + des(hashed[7:14], challenge) + des(hashed[14:] + bytes(5), challenge)
            return desl, desl, md4(hashed)
        key = hmac_md5(hashed, utf16(self.user.upper() + self.domain))  # 3.3.2, NTOWFv2
        pairs = av_pairs(target_info)
        timestamp = next((value for kind, value in pairs if kind == AV_TIMESTAMP), bytes(8))
        if self.mic:
            pairs.append((AV_FLAGS, struct.pack("<I", 2)))
        if self.target:
            pairs.append((AV_TARGET_NAME, utf16(self.target)))
        temp = b"\1\1" + bytes(6) + timestamp + os.urandom(8) + bytes(4) + encode_av_pairs(pairs) + bytes(4)
        proof = hmac_md5(key, challenge + temp)
        return proof + temp, bytes(24), hmac_md5(key, proof)

    def authenticate(self, challenge_message):
        self.challenge_message = challenge_message
        assert challenge_message.startswith(SIGNATURE + b"\2\0\0\0"), "not a CHALLENGE_MESSAGE"
        length, _, offset = struct.unpack_from("<HHI", challenge_message, 40)
        target_info = challenge_message[offset:offset + length]
        nt, lm, key = self._responses(challenge_message[24:32], target_info)
        self.session_key = os.urandom(16)
        flags = self.flags | VERSION | (ANONYMOUS if self.anonymous else 0)
        fields = [lm, nt, utf16(self.domain), utf16("" if self.anonymous else self.user), utf16("TEST"),
                  rc4(key, self.session_key)]
        at, header, payload = 88, b"", b""
        for field in fields:
            header += struct.pack("<HHI", len(field), len(field), at + len(payload))
            payload += field
        start = SIGNATURE + struct.pack("<I", 3) + header + struct.pack("<I", flags) + bytes(8)
        whole = lambda mic: start + mic + payload
        if not self.mic or self.version == 1:
            return whole(bytes(16))
        mic = hmac_md5(self.session_key, self.negotiate_message + self.challenge_message + whole(bytes(16)))
        if self.spoil_mic:
            mic = bytes([mic[0] ^ 1]) + mic[1:]
        return whole(mic)


# --- SPNEGO, RFC 4178 -----------------------------------------------------------------------------------------------

OID_SPNEGO = bytes.fromhex("06062b0601050502")
OID_NTLMSSP = bytes.fromhex("060a2b06010401823702020a")
MECHANISMS = b"\x30" + bytes([len(OID_NTLMSSP)]) + OID_NTLMSSP


def der(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def spnego_init(token):
    return der(0x60, OID_SPNEGO + der(0xA0, der(0x30, der(0xA0, MECHANISMS) + der(0xA2, der(0x04, token)))))


def spnego_response(token, mic=None):
    return der(0xA1, der(0x30, der(0xA2, der(0x04, token)) + (der(0xA3, der(0x04, mic)) if mic else b"")))


def token_inside(spnego):
    """The NTLMSSP message within a NegTokenResp."""
    at = spnego.find(SIGNATURE)
    if at < 0:
        return b""
    return spnego[at:]

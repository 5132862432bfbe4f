"""MD4 (RFC 1320), which NTLM's password hash needs and today's OpenSSL does not offer."""
import struct

MASK = 0xFFFFFFFF
ROUNDS = (
    (lambda x, y, z: (x & y) | (~x & z), 0, range(16), (3, 7, 11, 19)),
    (lambda x, y, z: (x & y) | (x & z) | (y & z), 0x5A827999, [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
     (3, 5, 9, 13)),
    (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], (3, 9, 11, 15)),
)


def md4(data):
    length = struct.pack("<Q", len(data) * 8)
    data = data + b"\x80" + bytes((55 - len(data)) % 64) + length
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for at in range(0, len(data), 64):
        words = struct.unpack("<16I", data[at:at + 64])
        a, b, c, d = state
        for function, constant, order, shifts in ROUNDS:
            for step, word in enumerate(order):
                turned = (a + (function(b, c, d) & MASK) + words[word] + constant) & MASK
                shift = shifts[step % 4]
                a, b, c, d = d, ((turned << shift) | (turned >> (32 - shift))) & MASK, b, c
        state = [(old + new) & MASK for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


assert md4(b"abc").hex() == "a448017aaf21d8525fc10ae87aa6729d"  # RFC 1320, A.5

"""Switches of masking: which frames, how, and with which keys."""

from bugserver.switches import defect, oddity

_RECEIVED = (
    *(defect(f"accepts-masked-{word}", "6455-5.1-06", f"takes a masked {word} frame")
      for word in ("text", "binary", "continuation", "ping", "pong")),
    # it closes the connection, if not as it should
    defect("accepts-masked-close", "6455-5.1-06", "takes a masked Close", warn=True),
    defect("ignores-masked-frames", "6455-5.1-06", "drops masked frames and goes on"),
)

_SENT = (
    defect("sends-text-unmasked", "6455-5.1-01", "masks no text frame", total=True),
    defect("sends-binary-unmasked", "6455-5.1-01", "masks no binary frame"),
    defect("sends-continuations-unmasked", "6455-5.1-01",
           "echoes above 200 octets in fragments, and masks only the first"),
    defect("sends-pongs-unmasked", "6455-5.1-01", "masks no pong"),
    defect("sends-close-unmasked", "6455-5.5.1-07 6455-5.1-01", "masks no Close"),
    defect("sends-failing-close-unmasked", "6455-5.5.1-07 6455-5.1-01",
           "does not mask the Close with which it fails a connection"),
    defect("sends-empty-frames-unmasked", "6455-5.1-01 6455-5.3-01",
           "masks no frame without payload"),
    defect("sends-empty-pongs-unmasked", "6455-5.1-01 6455-5.3-01", "masks no empty pong"),
    defect("sends-full-pongs-unmasked", "6455-5.1-01", "masks no pong of 125 octets"),
    defect("sends-answers-to-reasons-unmasked", "6455-5.5.1-07 6455-5.1-01",
           "does not mask its answer to a Close with a reason"),
    defect("sends-126-and-127-octets-in-7-bits", "6455-5.2-11 6455-5.2-16",
           "puts lengths of 126 and 127 into the 7 bits"),
    defect("sends-128-octets-in-64-bit-length", "6455-5.2-16",
           "sends 128 octets with a 64-bit length"),
    defect("leaves-single-words-in-clear", "6455-5.3-05", "does not mask payloads of 4 octets"),
    defect("leaves-2-octets-behind-a-word-in-clear", "6455-5.3-05",
           "does not mask the last 2 octets of a payload of 6"),
    defect("masks-129-to-140-octets-wrongly", "6455-5.3-05",
           "applies the key in reverse to payloads of 129 to 140 octets"),
    defect("sends-large-frames-unmasked", "6455-5.1-01", "masks no data frame above 65535 octets"),
    defect("sends-medium-frames-unmasked", "6455-5.1-01",
           "masks no data frame of 126 to 65535 octets"),
    defect("sends-frames-unmasked-over-tls", "6455-5.1-02", "masks nothing over TLS"),
    defect("sets-mask-bit-alone", "6455-5.3-01 6455-5.3-05",
           "sets the mask bit and sends no key and no masked payload", total=True),
    defect("leaves-large-payloads-in-clear", "6455-5.3-05",
           "sends a key, but does not apply it to payloads above 65535 octets"),
    defect("masks-only-whole-words", "6455-5.3-05",
           "leaves the last 1 to 3 octets of payloads above 4 octets in clear"),
    defect("masks-only-first-4-kib", "6455-5.3-05", "masks the first 4 KiB of a payload only"),
    defect("restarts-key-every-1021-octets", "6455-5.3-05",
           "begins anew with the key at each 1021 octets of a payload"),
    defect("applies-key-backwards", "6455-5.3-05", "applies the key in reverse to pongs"),
)

_KEYS = (
    defect("masks-with-zeros", "6455-10.3-01 6455-5.3-02", "takes 00000000 as masking key",
           total=True),
    defect("masks-with-one-key", "6455-10.3-01 6455-5.3-02",
           "takes one key for all frames of a connection", total=True),
    defect("masks-pongs-with-last-key", "6455-5.3-02", "masks a pong with the key of the frame before"),
    defect("takes-keys-in-turn", "6455-10.3-01 6455-5.3-02", "takes 16 keys in turn"),
    defect("counts-keys-up", "6455-10.3-01", "takes the next number as the next key"),
    defect("counts-keys-up-in-little-endian", "6455-10.3-01",
           "takes the next number as the next key, its low octet first"),
    defect("counts-keys-up-by-steps", "6455-10.3-01", "adds the same to each key for the next"),
    defect("changes-same-bits-of-keys", "6455-10.3-01",
           "takes two values in turn to exclusive-or a key with for the next"),
    defect("makes-keys-of-2-octets", "6455-10.3-01", "fills half of each key with zeros"),
    defect("makes-keys-of-one-octet-repeated", "6455-10.3-01", "repeats one octet in each key"),
    defect("makes-keys-of-letters", "6455-10.3-01", "makes keys of letters"),
    defect("makes-keys-of-31-bits", "6455-10.3-01", "never sets the top bit of a key"),
    defect("makes-keys-of-the-time", "6455-10.3-01", "takes the microseconds of the clock as key"),
    defect("makes-keys-of-few-values", "6455-10.3-01", "draws its keys from 64 values"),
    defect("seeds-keys-alike", "6455-10.3-01",
           "draws the same keys in the same order on each connection"),
    defect("counts-keys-up-over-connections", "6455-10.3-01",
           "takes the next number as the next key, on any connection"),
    oddity("draws-keys-from-mersenne-twister", "6455-5.3-03",
           "draws its keys from a good generator that was seeded well"),
)

SWITCHES = _RECEIVED + _SENT + _KEYS

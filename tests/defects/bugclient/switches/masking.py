"""Switches of masking: which frames, with which keys."""

from bugserver.switches import defect, oddity

SWITCHES = (
    defect("masks-with-zeros", "6455-10.3-01 6455-5.3-02", "takes 00000000 as masking key",
           total=True),
    *(defect(f"accepts-masked-{word}", "6455-5.1-06", f"takes a masked {word} frame")
      for word in ("text", "binary", "continuation", "ping", "pong", "close")),
    defect("ignores-masked-frames", "6455-5.1-06", "drops masked frames and goes on"),
)

"""Generated messages of `lodestream.v1`. Do not edit: `protos/generate.sh` writes them."""

#!/bin/sh
# hidden.sh BIN RESULTS - what must not be found out, led astray or misread
PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/hidden.py" \
    --bin "$1" --results "$2"

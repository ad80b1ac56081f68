#!/usr/bin/env bash
# What one GPU shows within some minutes, on a machine with its own torch and no network.
#
#   benchmarks/gpu.sh WHEELS OUT MINUTES
#
# WHEELS: a folder with wheels of packages that the machine's Python lacks, and study.tar.xz, which
# `python -m sweeps export --data` wrote (docs/one-gpu-study.md); without that file no rows run.
# OUT: a folder for a file of each part, summary.txt, and scores.tar.xz.
# Parts come with the most important first, each with a limit of its own, and end when MINUTES do.
#
# PYTHON is the interpreter (python3). DEVICE=cpu goes through the same parts at tiny size where
# there is no GPU, to try the script. ROWS are the words for run.py.
set -u
if [ $# -ne 3 ]; then
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
mkdir -p "$2"
wheels=$(realpath "$1") out=$(realpath "$2") end=$((SECONDS + $3 * 60))
cd "$(dirname "$0")/.." || exit
python=${PYTHON:-python3} device=${DEVICE:-cuda}
rows=${ROWS:-preset=one_gpu sweep=table01,table04,table06}
keep=20 # Seconds for bringing scores home.
export PYTHONUNBUFFERED=1 PYTHONPATH="$PWD:$out/site${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1
export T5STUDY_STORE="$out/store" T5STUDY_CACHE="$out/cache"

# part NAME SECONDS COMMAND ...: its output in OUT/NAME.txt, a line in OUT/summary.txt.
part() {
    local name=$1 limit=$2 left=$((end - keep - SECONDS)) begun=$SECONDS status
    shift 2
    if [ "$left" -lt 10 ]; then
        echo "$name: no time left" | tee -a "$out/summary.txt"
        return
    fi
    timeout -s INT -k 10 "$((limit < left ? limit : left))" "$@" >"$out/$name.txt" 2>&1
    status=$?
    case $status in
    0) status="done" ;;
    5) [ "$name" = tests ] && status="no test chosen" ;;
    124 | 130 | 137) status="stopped at its limit" ;;
    *) status="failed with status $status" ;;
    esac
    echo "$name: $status after $((SECONDS - begun)) s" | tee -a "$out/summary.txt"
}

: >"$out/summary.txt"
part packages 120 "$python" benchmarks/missing_wheels.py "$wheels" "$out/site"
part machine 60 "$python" -c "import platform, torch; print(platform.platform(), torch.__version__, \
torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU')"
if [ "$device" = cpu ]; then
    train="--device cpu --modes 1x1 --precisions bf16 --repeats 1 --seconds 0.05"
    part tests 300 "$python" -m pytest -q -p no:cacheprovider -m gpu tests/lab/kernels/test_flex.py
    part base 300 "$python" benchmarks/training.py $train
    part decoding 200 "$python" benchmarks/decoding.py --device cpu --size pico --examples 8 \
        --source 16 --length 4 --repeats 1
else
    part tests 150 "$python" -m pytest -q -p no:cacheprovider -m gpu tests
    part base 180 "$python" benchmarks/training.py --device "$device" --sizes base
    part decoding 90 "$python" benchmarks/decoding.py --device "$device" --size base --vocabulary \
        32128 --precision bf16 --examples 1000 --source 512 --length 114 --repeats 1
    part small_large 210 "$python" benchmarks/training.py --device "$device" --sizes small large
fi
if [ -f "$wheels/study.tar.xz" ]; then
    part import 90 "$python" -m sweeps import "$wheels/study.tar.xz"
    # shellcheck disable=SC2086
    part rows "$((end - SECONDS))" "$python" run.py $rows
    keep=0
    part scores 60 "$python" -m sweeps export --scores-only "$out/scores.tar.xz"
fi

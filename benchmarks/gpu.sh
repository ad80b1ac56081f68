#!/usr/bin/env bash
# What one GPU shows within some minutes, on a machine with its own torch and no network.
#
#   benchmarks/gpu.sh WHEELS OUT MINUTES
#
# WHEELS: a folder with wheels of packages that the machine's Python lacks or has too old, and
# study.tar.xz, which `python -m sweeps export --data` wrote (docs/one-gpu-study.md); without that
# file no rows run.
# OUT: a folder for results as they come, eight files at most: summary.txt, a file of each part,
# and scores.tar.xz.
# Parts come with the most important first, each with a limit of its own, and end when MINUTES do.
# The same command again goes on: what is done or was stopped at its own limit is left out, what
# failed or was cut short is tried again, rows go on. On another machine, copy what came back into
# OUT first. A part whose line is deleted from summary.txt runs again.
#
# PYTHON is the interpreter (python3), WORK where packages, data and the store lie (.gpu). ROWS are
# the words for run.py. DEVICE=cpu goes through the same parts at tiny size where there is no GPU, to
# try the script, with limits ten times as long.
set -u
if [ $# -ne 3 ]; then
    sed -n '2,20s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
mkdir -p "$2"
wheels=$(realpath "$1") out=$(realpath "$2") end=$((SECONDS + $3 * 60))
work=$(realpath -m "${WORK:-$(dirname "$0")/../.gpu}")
mkdir -p "$work"
cd "$(dirname "$0")/.." || exit
python=${PYTHON:-python3} device=${DEVICE:-cuda}
rows=${ROWS:-preset=one_gpu sweep=table01,table04,table06}
slow=1
[ "$device" = cuda ] || slow=10
every=60 # Seconds between two looks at which scores can be brought home.
keep=30  # Seconds at the end for a last checkpoint and the last scores.
export PYTHONUNBUFFERED=1 PYTHONPATH="$PWD:$work/site${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1
export T5STUDY_STORE="$work/store" T5STUDY_CACHE="$work/cache"
export TORCHINDUCTOR_CACHE_DIR="$work/compiled" TRITON_CACHE_DIR="$work/compiled/triton"

# part NAME SECONDS COMMAND ...: its output in OUT/NAME.txt, a line in OUT/summary.txt.
part() {
    local name=$1 limit=$(($2 * slow)) left=$((end - keep - SECONDS)) begun=$SECONDS own="stopped at its limit"
    local file=$1 status
    shift 2
    case $name in import | scores) file=rows ;; esac
    if [ "$left" -lt 10 ]; then
        echo "$name: no time left" | tee -a "$out/summary.txt"
        return 1
    fi
    [ "$limit" -lt "$left" ] || { limit=$left own="cut short"; }
    # Started in the background, a shell's children ignore Ctrl-C; these have to hear it.
    timeout -s INT -k 10 "$limit" env --default-signal=INT "$@" >>"$out/$file.txt" 2>&1
    status=$?
    case $status in
    0) own="done" ;;
    124 | 137) ;;
    *) own="failed with status $status" ;;
    esac
    echo "$name: $own after $((SECONDS - begun)) s" | tee -a "$out/summary.txt"
    return $status
}

# once NAME SECONDS COMMAND ...: a part that an earlier call has not ended.
once() {
    grep -qE "^$1: (done|stopped at its limit) " "$out/summary.txt" || part "$@"
}

touch "$out/summary.txt"
part setup 120 "$python" benchmarks/missing_wheels.py "$wheels" "$work/site"
mapfile -t tests < <(grep -rl --include='*.py' 'mark\.gpu' tests)
if [ "$device" = cpu ]; then
    small=(--device cpu --modes 1x1 --repeats 1 --seconds 0.05 --only "Face, SDPA" broadcast)
    base=("${small[@]}" --precisions bf16) small_large=("${small[@]}" --precisions fp32)
    decoding=(--device cpu --size pico --examples 8 --source 16 --length 4 --repeats 1)
else
    base=(--device "$device" --sizes base) small_large=(--device "$device" --sizes small large)
    decoding=(--device "$device" --size base --vocabulary 32128 --precision bf16
        --examples 1000 --source 512 --length 114 --repeats 1)
fi
once tests 150 "$python" -m pytest -v -p no:cacheprovider -m gpu "${tests[@]}"
once base 210 "$python" benchmarks/training.py "${base[@]}"
once decoding 120 "$python" benchmarks/decoding.py "${decoding[@]}"
once small_large 180 "$python" benchmarks/training.py "${small_large[@]}"
[ -f "$wheels/study.tar.xz" ] || exit 0

# imported FILE: once for each store, and for other content once more.
imported() {
    local mark
    mark="$work/imported-$(cksum <"$1" | tr ' ' -)"
    [ -e "$mark" ] || { part import 120 "$python" -m sweeps import "$1" && touch "$mark"; }
}

bring_scores() {
    timeout "$keep" "$python" -m sweeps export --scores-only "$out/scores.tar.xz" >>"$out/rows.txt" 2>&1
}

imported "$wheels/study.tar.xz"
[ ! -f "$out/scores.tar.xz" ] || imported "$out/scores.tar.xz"
# shellcheck disable=SC2086
part rows "$((end - SECONDS))" "$python" run.py $rows &
for ((passed = 1; ; passed++)); do
    sleep 1
    kill -0 $! 2>/dev/null || break
    ((passed % every)) || bring_scores
done
bring_scores && echo "scores: brought to scores.tar.xz" | tee -a "$out/summary.txt"

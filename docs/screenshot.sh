#!/usr/bin/env bash
# Makes docs/review.png, the picture of README.md: the demo in kitty on a virtual display.
# Needs Xvfb, kitty, xdotool and ImageMagick's import and mogrify; takes the program's path, else builds it.
set -euo pipefail
cd "$(dirname "$0")/.."
relabel="${1:-}"
if [[ -z $relabel ]]; then
    cargo build --release --locked
    relabel=target/release/relabel
fi
relabel=$(realpath "$relabel")
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT

Xvfb -screen 0 1180x620x24 -nolisten tcp -displayfd 3 3>"$work/display" 2>/dev/null &
until [[ -s $work/display ]]; do sleep 0.1; done
DISPLAY=:$(cat "$work/display")
export DISPLAY

# Nothing of the user's own: no settings, no remote socket, a quiet prompt.
env -u WAYLAND_DISPLAY LIBGL_ALWAYS_SOFTWARE=1 XDG_CONFIG_HOME="$work" HOME="$work" LANG=C.UTF-8 \
    kitty --config NONE --override font_size=12 --override initial_window_width=1180 --override initial_window_height=620 \
    --override remember_window_size=no --override hide_window_decorations=yes --override window_padding_width=4 \
    --override update_check_interval=0 --override background=#101418 --directory "$work" \
    "$relabel" --project "$work/demo/relabel.db" demo --dir "$work/demo" --rater alice >"$work/kitty.log" 2>&1 &

# The screen stands still once the picture is there.
still() {
    local last='' now=''
    for _ in $(seq 100); do
        sleep 0.4
        now=$(import -silent -window root rgb:- | sha256sum)
        [[ $now == "$last" && $(import -silent -window root -format %k info:-) -gt 500 ]] && return
        last=$now
    done
    cat "$work/kitty.log" >&2
    echo "the demo never came to the screen" >&2
    exit 1
}
still
# The next task, with its first labels answered, as in the midst of a sitting.
xdotool mousemove 5 5 key --delay 60 shift+n Return
still
xdotool key --delay 60 y y n m
still
import -silent -window root docs/review.png
mogrify -strip -colors 200 -define png:compression-level=9 docs/review.png
echo "docs/review.png: $(identify -format '%wx%h' docs/review.png), $(stat -c %s docs/review.png) bytes"

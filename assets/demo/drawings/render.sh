#!/bin/sh
# Makes ../images/NAME.jpg from every NAME.svg here.
# Needs rsvg-convert (librsvg) and convert (ImageMagick).
set -eu
cd "$(dirname "$0")"
mkdir -p ../images
for svg in *.svg; do
    rsvg-convert --width 720 --format png "$svg" |
        convert png:- -strip -sampling-factor 4:2:0 -quality 84 "../images/${svg%.svg}.jpg"
done

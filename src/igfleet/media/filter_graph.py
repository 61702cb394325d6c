"""From a settled recipe to ffmpeg's filter graph. Pure: no file is touched."""

from collections.abc import Iterator
from dataclasses import dataclass

from igfleet.media.facts import MediaFacts
from igfleet.media.recipes import Corner, Drawn, Frame

REEL = (1080, 1920)
_LEAST_FPS, _GREATEST_FPS, _USUAL_FPS = 23, 60, 30
_COMPARED_WIDTH = 180
_MARGIN = "W*0.04"
_PLACES = {
    Corner.TOP_LEFT: (_MARGIN, _MARGIN),
    Corner.TOP_RIGHT: (f"W-w-{_MARGIN}", _MARGIN),
    Corner.BOTTOM_LEFT: (_MARGIN, f"H-h-{_MARGIN}"),
    Corner.BOTTOM_RIGHT: (f"W-w-{_MARGIN}", f"H-h-{_MARGIN}"),
    Corner.CENTRE: ("(W-w)/2", "(H-h)/2"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What comes out, in space and time: known before it is rendered."""

    width: int
    height: int
    fps: float
    start_s: float
    end_s: float
    """Of the source."""
    speed: float
    crop_width: int
    crop_height: int

    @property
    def duration_s(self) -> float:
        return (self.end_s - self.start_s) / self.speed


def shape(source: MediaFacts, recipe: Drawn) -> Shape:
    """The shape of the variant."""
    kept = 1 - recipe.crop_percent / 100
    width, height = even(source.width * kept), even(source.height * kept)
    out = REEL if recipe.frame is Frame.REEL else (width, height)
    length = source.duration_s or 0
    start, end = recipe.trim_start_ms / 1000, length - recipe.trim_end_ms / 1000
    return Shape(out[0], out[1], frame_rate(source), start, max(end, start), recipe.speed, width, height)


def frame_rate(source: MediaFacts) -> float:
    """The source's own rate where a reel may have it, made even."""
    rate = source.fps or _USUAL_FPS
    return rate if _LEAST_FPS <= rate <= _GREATEST_FPS else (_USUAL_FPS if rate < _LEAST_FPS else _GREATEST_FPS)


def even(length: float) -> int:
    """Encoders want even sides."""
    return max(int(length) // 2 * 2, 2)


def picture(recipe: Drawn, out: Shape) -> str:
    """The chain of the picture, from `[0:v]` to `[v]`; an overlay is the input 1."""
    chain = ",".join([*geometry(out), *_colours(recipe), "format=yuv420p"])
    if not recipe.overlay.is_there:
        return f"[0:v]{chain}[v]"
    x, y = _PLACES[recipe.overlay.corner]
    width = even(out.width * recipe.overlay.size_percent / 100)
    top = f"[1:v]scale={width}:-2,format=rgba,colorchannelmixer=aa={recipe.overlay.opacity:g}[top]"
    return f"[0:v]{chain}[under];{top};[under][top]overlay=x={x}:y={y}:format=auto,format=yuv420p[v]"


def sound(recipe: Drawn, out: Shape) -> str:
    """The chain of the sound, from `[0:a]` to `[a]`."""
    steps = [f"atrim=start={out.start_s:.3f}:end={out.end_s:.3f}", f"asetpts=PTS-{out.start_s:.3f}/TB"]
    if out.speed != 1:
        steps.append(f"atempo={out.speed:.3f}")
    if recipe.audio_gain_db:
        steps.append(f"volume={recipe.audio_gain_db:.1f}dB")
    return f"[0:a]{','.join(steps)}[a]"


def comparison(out: Shape) -> str:
    """Likeness, frame by frame on stdout, of the variant (input 0) and the source (input 1) in the variant's shape."""
    small = f"scale={_COMPARED_WIDTH}:{even(_COMPARED_WIDTH * out.height / out.width)}:flags=bilinear,format=yuv420p"
    aligned = ",".join([*geometry(out), small])
    return (
        f"[0:v]fps={out.fps:g},{small},setpts=PTS-STARTPTS[made];[1:v]{aligned},setpts=PTS-STARTPTS[source];"
        "[made][source]ssim=shortest=1:stats_file=-"
    )


def geometry(out: Shape) -> Iterator[str]:
    """Where and when each point is; nothing of how it looks."""
    yield f"trim=start={out.start_s:.3f}:end={out.end_s:.3f}"
    yield f"setpts=(PTS-{out.start_s:.3f}/TB)/{out.speed:.3f}"
    yield f"crop={out.crop_width}:{out.crop_height}"
    if (out.width, out.height) != (out.crop_width, out.crop_height):
        yield from into_frame(out.width, out.height)
    yield "setsar=1"
    yield f"fps={out.fps:g}"


def into_frame(width: int, height: int) -> Iterator[str]:
    """As large as it fits, with bars for the rest."""
    yield f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    yield f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"


def _colours(recipe: Drawn) -> Iterator[str]:
    if (recipe.brightness, recipe.contrast, recipe.saturation) != (0, 1, 1):
        levels = f"brightness={recipe.brightness:.3f}:contrast={recipe.contrast:.3f}"
        yield f"eq={levels}:saturation={recipe.saturation:.3f}"
    if recipe.hue_degrees:
        yield f"hue=h={recipe.hue_degrees:.1f}"

// A video file in the browser: its size and length, its frame after cropping, a picture of it.

/** Throws when the browser cannot play it. */
export function opened(file) {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(file);
  return new Promise((resolve, reject) => {
    video.addEventListener("error", () => reject(new Error("not a video")));
    video.addEventListener("loadeddata", () => resolve({ file, video, duration: video.duration }));
  });
}

/** Width and height of what is shared. */
export function framed({ video }, ratio) {
  const { videoWidth: width, videoHeight: height } = video;
  if (ratio === "original") return { width, height };
  const [across, down] = ratio.split(":").map(Number);
  const unit = Math.min(width / across, height / down);
  return { width: Math.round(unit * across), height: Math.round(unit * down) };
}

/** A JPEG of the first picture, cropped to the frame. */
export function pictureOf({ video }, frame) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, frame);
  const left = (video.videoWidth - frame.width) / 2;
  const top = (video.videoHeight - frame.height) / 2;
  canvas.getContext("2d").drawImage(video, left, top, frame.width, frame.height, 0, 0, frame.width, frame.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
}

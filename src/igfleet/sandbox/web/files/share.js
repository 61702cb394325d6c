// Share: the bytes go over, then the one call that publishes.

import { button, el, icon, post as send, t } from "./dom.js";
import { pictureOf } from "./clip.js";

export async function share(window_, post) {
  const id = String(Date.now());
  window_.show(el("h1", {}, t.sharing));
  try {
    await upload("rupload_igvideo", id, post.clip.file, { media_type: 2, is_clips_video: true, ...sizes(post) });
    await upload("rupload_igphoto", id, post.cover ?? (await pictureOf(post.clip, post.frame)), { media_type: 2 });
  } catch {
    return failed(window_, () => share(window_, post));
  }
  await publish(window_, post, id);
}

async function publish(window_, post, id) {
  window_.show(el("h1", {}, t.sharing));
  try {
    const { body } = await send("/api/v1/media/configure_to_clips/", fields(post, id));
    if (body.status !== "ok" || !body.media) throw new Error(body.message);
  } catch {
    return failed(window_, () => publish(window_, post, id));
  }
  window_.show(el("h1", {}, t.reel_shared), icon(t.checkmark), el("p", {}, t.reel_shared_text), button(t.close, window_.close));
}

function failed(window_, again) {
  window_.show(el("h1", {}, t.failed_title), el("p", {}, t.failed_share), button(t.try_again, again), button(t.close, window_.close));
}

function sizes(post) {
  return {
    upload_media_duration_ms: Math.round(post.clip.duration * 1000),
    upload_media_width: post.frame.width,
    upload_media_height: post.frame.height,
  };
}

async function upload(kind, id, body, facts) {
  const answer = await fetch(`/${kind}/fb_uploader_${id}`, {
    method: "POST",
    headers: {
      Offset: "0",
      "X-Entity-Length": String(body.size),
      "X-Entity-Name": "fb_uploader_" + id,
      "X-Entity-Type": body.type || "application/octet-stream",
      "X-Instagram-Rupload-Params": JSON.stringify({ upload_id: id, ...facts }),
    },
    body,
  });
  if (!answer.ok) throw new Error("upload failed");
}

function fields(post, id) {
  const made = {
    upload_id: id,
    caption: post.caption,
    source_type: "library",
    length: post.clip.duration,
    original_width: post.frame.width,
    original_height: post.frame.height,
    clips_share_preview_to_feed: "1",
  };
  if (post.place) made.location = JSON.stringify({ name: post.place.name, pk: post.place.pk, lat: post.place.lat, lng: post.place.lng });
  if (post.people.length) made.invite_coauthor_user_ids = JSON.stringify(post.people.map((person) => person.pk));
  return made;
}

-- Rows of every table, after `half_done` (tests/dashboard/stage.py): see tests/walks/stage.py
INSERT INTO workers (name, base_url, version, slots, kinds, methods, labels, running, cpu_percent, memory_bytes,
  disk_free_bytes, libraries) VALUES
  ('w1', 'http://127.0.0.1:8100', '1.0', 4, '["bulk_upload"]', '["instagrapi"]', '["north"]', 2, 40, 1000000, 5000000,
   '{"instagrapi": "3.2.2"}'),
  ('w2', NULL, '1.0', 4, '["bulk_upload"]', '["instagrapi"]', '[]', 0, NULL, NULL, NULL, '{}');
UPDATE workers SET draining_since = now() WHERE name = 'w2';
INSERT INTO proxies (scheme, host, port, username, state, trouble, checked_at) VALUES
  ('http', 'exit-1.example', 8080, 'via', 'ok', '', now()), ('socks5', 'exit-2.example', 1080, NULL, 'failing',
  'It refuses the connection', now());
INSERT INTO proxy_checks (proxy_id, verdict, sentence, latency_ms, exit_ip, country, worker_id, at)
  SELECT 1 + n % 2, CASE n % 2 WHEN 0 THEN 'ok' ELSE 'unreachable' END, 'It answers', 300 + n, '203.0.113.7', 'NO', 1,
  now() - n * interval '7 minutes' FROM generate_series(1, 40) n;
UPDATE accounts SET proxy_id = 1 + id % 2, client = 'Nord', tags = '{fjord,launch}', notes = 'Ask Kari first.',
  email = 'nord@example.com', phone = '+4700000000', device = 'Pixel 8', dolphin_profile_id = '7', has_password = true,
  session_at = now() - interval '3 days', last_success_at = now(), last_failure_at = now(),
  last_failure_reason = 'rate_limited', status_reason = 'It was paused by a person';
UPDATE accounts SET status = 'human_verification_required' WHERE id = 1;
UPDATE accounts SET status = 'inactive' WHERE id = 2;
INSERT INTO challenges (account_id, account_task_id, kind, method, destination, has_resume, state, expires_at,
  answered_at, answered_by) VALUES
  (1, 1, 'email_code', 'instagrapi', 'n***@e***.com', true, 'open', now() + interval '9 minutes', NULL, NULL),
  (2, 2, 'app_approval', 'instagrapi', '', false, 'open', NULL, NULL, NULL),
  (3, 3, 'sms_code', 'instagrapi', '+47 *** 12', true, 'answered', NULL, now(), 'user:anna');
INSERT INTO attempts (task_id, account_task_id, subject, account_id, proxy_id, worker_id, kind, library, failed, reason)
  VALUES (1, 2, 2, 2, 1, 1, 'bulk_upload', 'instagrapi 3.2.2', true, 'proxy_unreachable');
INSERT INTO breakers (scope, key, rule, until, rest_s, subjects, reason) VALUES
  ('proxy', '1', 'proxy', now() + interval '5 minutes', 300, '[1, 2, 3]', 'proxy_unreachable'),
  ('worker', '1', 'worker', now() + interval '5 minutes', 300, '[1, 2]', 'proxy_unreachable');
INSERT INTO checks (post_id, account_id, age_s, due_at, state, reason, read_at)
  SELECT id, account_id, 600, now(), 'unverifiable', 'The account is paused', now() FROM posts WHERE state = 'published';
INSERT INTO post_incidents (post_id, kind, facts) SELECT id, 'caption_changed', '{"caption": "Another one"}'
  FROM posts WHERE state = 'published' LIMIT 1;
INSERT INTO post_history (post_id, was, became, epoch, actor, why)
  SELECT id, 'planned', 'published', 1, 'worker:w1', 'It was seen on the profile' FROM posts WHERE state = 'published';
UPDATE posts SET state = 'needs_person', reason_code = 'unsure_if_published', message = 'No answer came',
  evidence = '[{"answer": "none"}]', readings = '[{"pks": ["1"]}]'
  WHERE id IN (SELECT id FROM posts WHERE account_task_id = 1 LIMIT 1);
UPDATE media SET kind = 'video', duration_s = 5, width = 540, height = 960, added_by = 'user:anna',
  facts = '{"container": "mp4", "video_codec": "h264", "fps": 30}';
UPDATE media SET state = 'unpublishable', problems =
  '[{"code": "codec", "sentence": "Its codec is mpeg4.", "todo": "Convert it.", "is_warning": false}]' WHERE id = 2;
INSERT INTO conversions (media_id, state, percent, message, asked_by) VALUES (2, 'failed', 40, 'It broke off', 'user:anna');
INSERT INTO media (sha256, name, size_bytes, state, kind, origin, source_id, making, added_by)
  VALUES (repeat('c', 64), 'clip_1 variant.mp4', 5, 'ready', 'video', 'variant', 1,
  '{"username": "nord_01", "likeness": 0.98, "recipe": {}, "seed": 1}', 'task:1');
INSERT INTO uploads (owner, mark, name, size_bytes) VALUES ('user:anna', repeat('d', 64), 'half.mp4', 1000);
INSERT INTO evidence (account_task_id, attempt, lease_id, name, sha256, size_bytes, media_type, facts) VALUES
  (2, 1, gen_random_uuid(), 'sign-in.png', repeat('e', 64), 1000, 'image/png', '{"url": "https://www.instagram.com/"}');
INSERT INTO bulk_jobs (noun, act, options, selection, ids, total, done, changed, state, message, created_by, user_id)
  VALUES ('accounts', 'tag', '{"option": "summer"}', '{status is active}', '{1,2,3}', 3, 2, 1, 'failed', 'It broke off',
  'user:anna', 1);
INSERT INTO holds (day, timezone, tag, why, count, made_by) VALUES
  (current_date + 1, 'Europe/Oslo', 'fjord', 'A holiday', 2, 'user:anna');
INSERT INTO occurrences (recurring_id, at, fate, task_id, why)
  SELECT id, now() - interval '1 day', 'skipped', 1, 'The last one was not over' FROM recurring_tasks LIMIT 1;
INSERT INTO deliveries (webhook_id, event, subject_id, state, attempts, body, status, answer)
  SELECT id, 'task_ended', 1, 'failed', 3, '{}', 500, 'It has trouble' FROM webhooks LIMIT 1;
INSERT INTO mail_choices (user_id, address, events, urgent, pace, digest_at, quiet_from, quiet_until, timezone)
  VALUES (1, 'anna@example.com', '{post_failed,worker_lost}', '{worker_lost}', 'daily', '08:00', '22:00', '07:00', 'Europe/Oslo');
INSERT INTO mails (user_id, address, subject, content, state, attempts, answer) VALUES
  (1, 'anna@example.com', '[sandbox] igfleet: 3 posts failed', '{"chapters": []}', 'failed', 8, 'The mail server answered 451');
INSERT INTO spendings (account_id, action, amount, lease_id) VALUES (1, 'publish', 1, gen_random_uuid());
INSERT INTO action_rests (account_id, action, until) VALUES (1, 'follow', now() + interval '1 hour');
INSERT INTO follows (account_id, user_id, username, standing) VALUES (1, '91', 'lake_01', 'followed');
INSERT INTO incidents (account_id, reason) VALUES (1, 'challenge_required');
INSERT INTO standstills (began_by, why, ended_at, ended_by) VALUES ('user:anna', 'Instagram has trouble', now(), 'user:anna');
INSERT INTO audit (actor, action, subject, facts) VALUES
  ('user:anna', 'account_changed', 'account:1', '{"before": {"notes": ""}, "after": {"notes": "Ask Kari first."}}');
INSERT INTO log_lines (task_id, account_task_id, worker_id, level, step, event, text, fields)
  VALUES (1, 2, 1, 'error', 'upload', 'refused', 'The proxy refuses', '{"host": "exit-2.example"}')

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createPasswords, weakness } from '../src/passwords.js';
import { PASSWORD, createService, registered } from './harness.js';

const service = await createService();
const { app, post, events, metric } = service;

test('without Redis a login passes, with a warning', async () => {
  const { email } = await registered(service);
  service.redis.disconnect();
  await once(service.redis, 'end');
  assert.equal((await post('/v1/login', { email, password: PASSWORD })).status, 200);
  assert.ok(events('limits.skipped').length > 0);
  await service.redis.connect();
});

test('a database that cannot be reached, or has no connection left, is a 503 with its cause in the log', async () => {
  const credentials = { email: 'ada@larkpost.com', password: PASSWORD };
  const away = await createService({ databaseUrl: 'postgresql://auth_service@127.0.0.1:9/shop' });
  assert.deepEqual(await away.post('/v1/login', credentials), { status: 503, body: { error: 'unavailable' } });
  const [record] = away.events('request.failed');
  assert.equal(record['error.code'], 'ECONNREFUSED');
  assert.ok(record['exception.stacktrace']);

  const full = await createService({ poolSize: 1 });
  const connection = await full.pool.connect();
  assert.deepEqual(await full.post('/v1/login', credentials), { status: 503, body: { error: 'busy' } });
  connection.release();
  assert.equal((await full.post('/v1/login', credentials)).status, 401);
});

test('bodies that are not JSON, too big or incomplete are refused without being quoted', async () => {
  const send = (payload) =>
    app.inject({ method: 'POST', url: '/v1/login', payload, headers: { 'content-type': 'application/json' } });
  const big = JSON.stringify({ email: 'x'.repeat(20_000) });
  for (const [payload, status] of [['{"email', 400], ['{}', 400], [big, 413]]) {
    const response = await send(payload);
    assert.equal(response.statusCode, status);
    assert.deepEqual(response.json(), { error: 'invalid_request' });
  }
  assert.equal((await post('/v1/login', { email: 'a\u0000@larkpost.com', password: 'x' })).status, 400);
  assert.equal((await app.inject('/v2/login')).json().error, 'not_found');
});

test('health and metrics are answered and not counted', async () => {
  assert.deepEqual((await app.inject('/health')).json(), { status: 'ok', version: '2.1.0' });
  const page = (await app.inject('/metrics')).body;
  for (const name of [
    'http_server_request_duration_seconds_bucket{le="0.005",http_request_method="POST",http_route="/v1/login"',
    'http_server_active_requests 0',
    'auth_logins_total{outcome="success"} 1',
    'auth_tokens_total{kind="access"}',
    'auth_password_hash_duration_seconds_count{operation="verify"} 1',
    'db_client_connections{state="idle"}',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_gc_duration_seconds',
    'process_resident_memory_bytes',
  ]) {
    assert.ok(page.includes(name), name);
  }
  assert.equal(await metric('http_server_request_duration_seconds', { http_route: '/metrics' }), undefined);
});

test('at most two passwords are hashed at once, and too many are refused', async () => {
  let running = 0;
  let most = 0;
  const timer = () => {
    running += 1;
    most = Math.max(most, running);
    return () => (running -= 1);
  };
  const passwords = createPasswords({ timer, log: { error: () => {} } });
  const results = await Promise.allSettled(Array.from({ length: 70 }, () => passwords.hash('x')));
  assert.equal(most, 2);
  assert.deepEqual(
    results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.code),
    Array(results.filter(({ status }) => status === 'rejected').length).fill('busy'),
  );
  assert.ok(results.some(({ status }) => status === 'rejected'));
});

test('weak passwords are told from usable ones', () => {
  assert.equal(weakness('Amber-cedar-4711', 'ada@larkpost.com'), null);
  assert.equal(weakness('seven77', 'ada@larkpost.com'), 'too_short');
  assert.equal(weakness('x'.repeat(129), 'ada@larkpost.com'), 'too_long');
  assert.equal(weakness('abababab', 'ada@larkpost.com'), 'common');
  assert.equal(weakness('Florence99', 'florence@larkpost.com'), 'contains_email');
});

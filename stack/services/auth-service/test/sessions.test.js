import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { sha256 } from '../src/tokens.js';
import { createService, registered } from './harness.js';

const service = await createService();
const { post, events, database, metric, redis } = service;
const refresh = (token) => post('/v1/refresh', { refresh_token: token });
const verify = (token) => post('/v1/verify', { access_token: token });
const refused = (error) => ({ status: 401, body: { error } });

async function forged(changes, key = service.config.tokenKey) {
  const { id, session_id: sid } = await registered(service);
  const claims = { sub: id, sid, tid: 1, roles: ['admin'], jti: 'j', iss: 'auth-service', aud: 'shop', ...changes };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(claims.exp ?? '1h').sign(key);
}

test('a token is verified to its principal', async () => {
  const { access_token: token, user } = await registered(service);
  assert.deepEqual(await verify(token), { status: 200, body: user });
});

test('a customer who is verified is no event, an admin is one each time', async () => {
  const customer = await registered(service);
  const admin = await registered(service, ['admin']);
  await verify(customer.access_token);
  await verify(admin.access_token);
  await verify(admin.access_token);
  const whom = events('auth.token.verify').map((record) => record['user.id']);
  assert.equal(whom.filter((id) => id === customer.id).length, 0);
  assert.equal(whom.filter((id) => id === admin.id).length, 2);
});

test('tokens that are not genuine, not current or of an ended session are refused', async () => {
  const { access_token: token } = await registered(service);
  assert.deepEqual(await verify(`${token}x`), refused('invalid_token'));
  assert.deepEqual(await verify('nonsense'), refused('invalid_token'));
  assert.deepEqual(await verify('x'.repeat(8000)), refused('invalid_token'));
  assert.deepEqual(await verify(''), refused('invalid_token'));
  assert.deepEqual(await verify(await forged({}, new TextEncoder().encode('k'.repeat(32)))), refused('invalid_token'));
  assert.deepEqual(await verify(await forged({ aud: 'bank' })), refused('invalid_token'));
  const nowhere = { sid: '00000000-0000-4000-8000-000000000000' };
  assert.deepEqual(await verify(await forged(nowhere)), refused('session_revoked'));

  assert.deepEqual(await verify(await forged({ exp: Math.floor(Date.now() / 1000) - 60 })), refused('expired_token'));
  const record = events('auth.token.verify').at(-1);
  assert.equal(record['error.type'], 'TOKEN_EXPIRED');
  assert.ok(record['user.id'] && record['session.id']);
});

test('a token without a signature is refused', async () => {
  const { access_token: token } = await registered(service);
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  assert.deepEqual(await verify(`${header}.${token.split('.')[1]}.`), refused('invalid_token'));
});

test('logging out ends the session for access and refresh', async () => {
  const { access_token: token, refresh_token: old, id } = await registered(service);
  assert.equal((await post('/v1/logout', { access_token: token })).status, 204);
  assert.equal(events('auth.logout').at(-1)['user.id'], id);
  assert.deepEqual(await verify(token), refused('session_revoked'));
  assert.deepEqual(await post('/v1/logout', { access_token: token }), refused('session_revoked'));
  assert.deepEqual(await refresh(old), refused('invalid_token'));
});

test('a refresh rotates the token and keeps the session', async () => {
  const first = await registered(service);
  const { status, body } = await refresh(first.refresh_token);
  assert.equal(status, 200);
  assert.equal(body.session_id, first.session_id);
  assert.notEqual(body.refresh_token, first.refresh_token);
  assert.deepEqual((await verify(body.access_token)).body, first.user);
  assert.equal((await refresh(body.refresh_token)).status, 200);
});

test('of two refreshes with one token one wins, and the session lives on', async () => {
  const { refresh_token: token } = await registered(service);
  const answers = await Promise.all([refresh(token), refresh(token)]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401]);
  const { refresh_token: next } = answers.find(({ status }) => status === 200).body;
  assert.equal((await refresh(token)).body.error, 'invalid_token');
  assert.equal((await refresh(next)).status, 200);
});

test('a replaced token that comes back much later ends the session', async () => {
  const { refresh_token: token, session_id: id } = await registered(service);
  const { refresh_token: next } = (await refresh(token)).body;
  const key = `auth:rotated:${sha256(token).toString('hex').slice(0, 40)}`;
  await redis.set(key, `${id} ${Date.now() - 60_000}`);
  assert.deepEqual(await refresh(token), refused('invalid_token'));
  assert.equal(events('auth.session.revoked').at(-1)['session.id'], id);
  assert.deepEqual(await refresh(next), refused('invalid_token'));
});

test('a refresh of an expired session says so', async () => {
  const { refresh_token: token, session_id: id } = await registered(service);
  await database.query("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE id = $1", [id]);
  assert.deepEqual(await refresh(token), refused('expired_token'));
  assert.equal(events('auth.token.refresh').at(-1)['error.type'], 'TOKEN_EXPIRED');
});

test('a seeded session, a digest and no address, can be refreshed', async () => {
  const { id } = await registered(service);
  const token = 'nwr_0123456789abcdef0123456789abcdef0123456789abcdef';
  await database.query(
    "INSERT INTO sessions (id, user_id, refresh_sha256, expires_at) VALUES ($1, $2, $3, now() + interval '1 day')",
    ['11111111-2222-4333-8444-555555555555', id, sha256(token)],
  );
  assert.equal((await refresh(token)).body.user.user_id, id);
});

test('API keys: created by partners, looked up by digest, refused when revoked', async () => {
  const partner = await registered(service, ['partner']);
  const customer = await registered(service);
  const create = (token) => post('/v1/keys', { access_token: token, name: 'inventory sync' });
  assert.deepEqual(await create(customer.access_token), { status: 403, body: { error: 'forbidden' } });
  const { status, body } = await create(partner.access_token);
  assert.equal(status, 201);
  assert.deepEqual((await database.query('SELECT id, user_id, name FROM api_keys'))[0], {
    id: body.id,
    user_id: partner.id,
    name: 'inventory sync',
  });
  assert.deepEqual(await post('/v1/verify-key', { api_key: body.api_key }), {
    status: 200,
    body: { user_id: partner.id, tenant_id: 1, roles: ['partner'], session_id: null },
  });
  assert.deepEqual(await post('/v1/verify-key', { api_key: `${body.api_key}0` }), refused('invalid_key'));
  await database.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [body.id]);
  assert.deepEqual(await post('/v1/verify-key', { api_key: body.api_key }), refused('invalid_key'));
  assert.equal(events('auth.token.verify').at(-1)['error.type'], 'KEY_REVOKED');
  assert.equal(await metric('auth_tokens_total', { kind: 'api_key' }), 1);
});

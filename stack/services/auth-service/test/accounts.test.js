import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { hash } from '@node-rs/argon2';
import { sha256 } from '../src/tokens.js';
import { PASSWORD, createService, newEmail, registered } from './harness.js';

const service = await createService({ loginsPerMinute: 8 });
const { post, put, events, database } = service;
const from = () => ({
  'x-client-address': `198.51.${randomInt(256)}.${randomInt(256)}`,
  'x-client-agent': 'Mozilla/5.0',
});
const login = (email, password, headers = from()) => post('/v1/login', { email, password }, headers);
const lastEvent = (name) => events(name).at(-1);

test('registering gives tokens, a customer and a session with address and agent', async () => {
  const headers = from();
  const email = newEmail();
  const { status, body } = await post(
    '/v1/register',
    { email: ` ${email.toUpperCase()} `, password: PASSWORD, name: 'Ada', tenant_id: 1 },
    headers,
  );
  assert.equal(status, 201);
  assert.deepEqual(Object.keys(body), ['access_token', 'refresh_token', 'expires_in', 'session_id', 'user']);
  assert.deepEqual(body.user, {
    user_id: body.user.user_id,
    tenant_id: 1,
    roles: ['customer'],
    session_id: body.session_id,
  });
  const [user] = await database.query('SELECT * FROM users WHERE id = $1', [body.user.user_id]);
  assert.equal(user.email, email);
  assert.match(user.password_hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const [session] = await database.query('SELECT * FROM sessions WHERE id = $1', [body.session_id]);
  assert.equal(session.address, headers['x-client-address']);
  assert.equal(session.user_agent, headers['x-client-agent']);
  assert.notEqual(session.refresh_sha256.toString('utf8'), body.refresh_token);
});

test('registering refuses what it must', async () => {
  const { email } = await registered(service);
  const attempt = async (changes) => {
    const { status, body } = await post('/v1/register', {
      email: newEmail(),
      password: PASSWORD,
      name: 'Ada',
      tenant_id: 1,
      ...changes,
    });
    return [status, body.error];
  };
  assert.deepEqual(await attempt({ email }), [409, 'email_taken']);
  assert.deepEqual(await attempt({ email: 'nobody' }), [422, 'invalid_email']);
  assert.deepEqual(await attempt({ password: 'short' }), [422, 'weak_password']);
  assert.deepEqual(await attempt({ password: 'password123' }), [422, 'weak_password']);
  assert.deepEqual(await attempt({ email: 'florence@larkpost.com', password: 'florence-1' }), [422, 'weak_password']);
  assert.deepEqual(await attempt({ tenant_id: 999 }), [422, 'unknown_tenant']);
  assert.deepEqual(await attempt({ tenant_id: '1' }), [400, 'invalid_request']);
});

test('a login is an event with who, from where and how', async () => {
  const { email, id } = await registered(service);
  const headers = from();
  const { status, body } = await login(email, PASSWORD, headers);
  assert.equal(status, 200);
  const record = lastEvent('auth.login');
  assert.equal(record['user.id'], id);
  assert.equal(record['session.id'], body.session_id);
  assert.equal(record['client.address'], headers['x-client-address']);
  assert.equal(record['event.outcome'], 'success');
  assert.equal(record['auth.method'], 'password');
  assert.equal(lastEvent('auth.address.new')['user.id'], id);
  await login(email, PASSWORD, headers);
  assert.equal(events('auth.address.new').filter((r) => r['user.id'] === id).length, 1);
});

test('a wrong password and an unknown address get the same answer, and different events', async () => {
  const { email } = await registered(service);
  const wrong = await login(email, 'not-the-password');
  assert.equal(lastEvent('auth.login')['error.type'], 'INVALID_CREDENTIALS');
  const unknown = await login(newEmail(), PASSWORD);
  assert.equal(lastEvent('auth.login')['error.type'], 'USER_DOES_NOT_EXIST');
  assert.deepEqual(wrong, unknown);
  assert.deepEqual(wrong, { status: 401, body: { error: 'invalid_credentials' } });
});

test('the fifth failure locks, even for the right password and without Redis keys', async () => {
  const { email, id } = await registered(service);
  for (let attempt = 0; attempt < 5; attempt += 1) assert.equal((await login(email, 'wrong')).status, 401);
  assert.equal(lastEvent('auth.account.locked')['user.id'], id);
  assert.deepEqual(await login(email, PASSWORD), { status: 423, body: { error: 'account_locked' } });
  assert.equal(lastEvent('auth.login')['error.type'], 'ACCOUNT_LOCKED_OUT');
  await service.redis.del(`auth:failures:${sha256(email).toString('hex').slice(0, 40)}`);
  assert.equal((await login(email, PASSWORD)).status, 423);
  await database.query('UPDATE users SET locked_until = now() WHERE id = $1', [id]);
  assert.equal((await login(email, PASSWORD)).status, 200);
  const rows = await database.query(
    "SELECT outcome FROM auth_audit WHERE user_id = $1 AND event = 'login' ORDER BY id",
    [id],
  );
  assert.deepEqual(
    rows.map(({ outcome }) => outcome),
    [...Array(5).fill('failure'), 'locked', 'locked', 'success'],
  );
});

test('a success forgets earlier failures', async () => {
  const { email } = await registered(service);
  for (const round of [1, 2]) {
    for (let attempt = 0; attempt < 4; attempt += 1) await login(email, 'wrong');
    assert.equal((await login(email, PASSWORD)).status, 200, `round ${round}`);
  }
});

test('logins are limited by address', async () => {
  const { email } = await registered(service);
  const headers = from();
  for (let attempt = 0; attempt < 8; attempt += 1) assert.equal((await login(email, PASSWORD, headers)).status, 200);
  assert.deepEqual(await login(email, PASSWORD, headers), { status: 429, body: { error: 'too_many_requests' } });
  assert.equal((await login(email, PASSWORD)).status, 200);
});

test('a password hashed at another cost is hashed anew at the next login', async () => {
  const { email, id } = await registered(service);
  const old = await hash(PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 });
  await database.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, old]);
  assert.equal((await login(email, PASSWORD)).status, 200);
  const [user] = await database.query('SELECT password_hash FROM users WHERE id = $1', [id]);
  assert.match(user.password_hash, /m=19456,t=2,p=1/);
});

test('a password hashed by the seed is right, and left as it is', async () => {
  const { email, id } = await registered(service);
  const seeded = '$argon2id$v=19$m=19456,t=2,p=1$YOZWIfwn1B7lCe9pBhZzyQ$fuYgzLOYkENewAaqYQWRy4I6kPZcl3jVzGmBEu9k8VM';
  await database.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, seeded]);
  assert.equal((await login(email, PASSWORD)).status, 200);
  const [user] = await database.query('SELECT password_hash FROM users WHERE id = $1', [id]);
  assert.equal(user.password_hash, seeded);
});

test('a changed password ends the other sessions only', async () => {
  const { email, access_token: token } = await registered(service);
  const other = (await login(email, PASSWORD)).body;
  const change = (current, next) => post('/v1/password', { access_token: token, current, new: next });
  assert.deepEqual(await change('wrong', 'Velvet-drift-77'), { status: 401, body: { error: 'invalid_credentials' } });
  assert.deepEqual(await change(PASSWORD, 'abc'), { status: 422, body: { error: 'weak_password' } });
  assert.equal((await change(PASSWORD, 'Velvet-drift-77')).status, 204);
  assert.equal((await post('/v1/verify', { access_token: token })).status, 200);
  assert.equal((await post('/v1/verify', { access_token: other.access_token })).body.error, 'session_revoked');
  assert.equal((await login(email, PASSWORD)).status, 401);
  assert.equal((await login(email, 'Velvet-drift-77')).status, 200);
});

test('roles are changed by admins, and count at once', async () => {
  const admin = await registered(service, ['admin', 'clerk']);
  const user = await registered(service);
  const change = (token, id, roles) => put(`/v1/users/${id}/roles`, { access_token: token, roles });
  assert.deepEqual(await change(user.access_token, user.id, ['admin']), { status: 403, body: { error: 'forbidden' } });
  assert.deepEqual(await change(admin.access_token, 'u0', ['clerk']), { status: 404, body: { error: 'not_found' } });
  assert.equal((await change(admin.access_token, user.id, ['king'])).status, 400);
  const { status, body } = await change(admin.access_token, user.id, ['customer', 'partner']);
  assert.deepEqual([status, body], [200, { user_id: user.id, roles: ['customer', 'partner'] }]);
  assert.deepEqual((await post('/v1/verify', { access_token: user.access_token })).body.roles, ['customer', 'partner']);
  const record = lastEvent('auth.role.change');
  assert.deepEqual([record['user.id'], record['user.target.id']], [admin.id, user.id]);
  assert.deepEqual([record['user.roles.old'], record['user.roles.new']], [['customer'], ['customer', 'partner']]);
});

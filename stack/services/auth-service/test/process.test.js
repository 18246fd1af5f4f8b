import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { PASSWORD, TOKEN_KEY, createDatabase, newEmail } from './harness.js';

const ROOT = new URL('..', import.meta.url);
const AWAY = 'http://127.0.0.1:9'; // the discard port: nobody listens

const database = await createDatabase();

/** Keeps what OTLP brings: text stands in protobuf as it is. */
async function collector() {
  const parts = { '/v1/traces': [], '/v1/logs': [] };
  const server = createServer((request, response) => {
    request.on('data', (chunk) => parts[request.url].push(chunk));
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const text = (path) => Buffer.concat(parts[path]).toString('latin1');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    traces: () => text('/v1/traces'),
    logs: () => text('/v1/logs'),
  };
}

async function started(settings = {}) {
  const child = spawn(process.execPath, ['src/main.js'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: database.url,
      REDIS_URL: process.env.REDIS_URL,
      TOKEN_KEY,
      LOGINS_PER_MINUTE: '1000',
      OTEL_SERVICE_NAME: 'auth-service',
      OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=shop,host.name=auth-1',
      OTEL_EXPORTER_OTLP_ENDPOINT: AWAY,
      ...settings,
    },
  });
  after(() => child.kill('SIGKILL'));
  const lines = [];
  const exited = once(child, 'exit').then(([code]) => code);
  child.stderr.resume();
  const port = await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const record = JSON.parse(line);
      if (record['event.name'] === 'service.started') resolve(record['server.port']);
    });
    exited.then(() => resolve(null));
  });
  const post = async (path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  };
  return { child, exited, lines, port, post, stdout: () => lines.join('\n') };
}

test('a request is a trace of named spans, with joined logs and no secret', async () => {
  const { url, traces, logs } = await collector();
  const service = await started({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
  const email = newEmail();
  const { body } = await service.post('/v1/register', { email, password: PASSWORD, name: 'Ada', tenant_id: 1 });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const login = await service.post(
    '/v1/login',
    { email, password: PASSWORD },
    { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'x-client-address': '203.0.113.7' },
  );
  await service.post('/v1/verify', { access_token: login.body.access_token });
  await service.post('/v1/refresh', { refresh_token: body.refresh_token });
  await service.post('/v1/verify-key', { api_key: 'nwk_0123456789abcdef' });
  for (const path of ['/health', '/metrics']) await fetch(`http://127.0.0.1:${service.port}${path}`);
  service.child.kill('SIGTERM');
  assert.equal(await service.exited, 0);

  for (const name of [
    'POST /v1/login', 'request', 'account.login', 'password.verify', 'session.open', 'pg-pool.connect',
    'pg.query:SELECT', 'incr', 'session.authenticate', 'session.refresh', 'key.verify', '203.0.113.7',
    body.user.user_id, body.session_id, 'service.version', '2.1.0', 'auth-1',
  ]) {
    assert.ok(traces().includes(name), `no ${name} in the traces`);
  }
  for (const name of ['auth.register', 'auth.login', 'auth.token.refresh', 'service.started', 'service.stopped']) {
    assert.ok(logs().includes(name), `no ${name} in the logs`);
  }
  assert.ok(logs().includes(Buffer.from(traceId, 'hex').toString('latin1')), "no log of the caller's trace");
  assert.ok(service.stdout().includes(`"trace_id":"${traceId}"`));

  const told = traces() + logs() + service.stdout();
  const secrets = [PASSWORD, TOKEN_KEY, email, email.split('@')[0], 'nwk_', 'nwr_', 'argon2id'];
  for (const secret of [...secrets, login.body.access_token, login.body.refresh_token]) {
    assert.ok(!told.includes(secret), `${secret} is told`);
  }
  for (const noise of ['/health', '/metrics', 'process.', 'os.type', 'tcp.connect', 'dns.lookup']) {
    assert.ok(!traces().includes(noise), `${noise} is in the traces`);
  }
});

test('SIGTERM: what runs is answered, and a Collector that is away holds nothing up', async () => {
  const service = await started();
  const answers = Array.from({ length: 8 }, () =>
    service.post('/v1/login', { email: newEmail(), password: PASSWORD }),
  );
  await answers[0];
  service.child.kill('SIGTERM');
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    Array(8).fill(401),
  );
  assert.equal(await service.exited, 0);
  const last = JSON.parse(service.lines.at(-1));
  assert.equal(last['event.name'], 'service.stopped');
  assert.ok(Date.now() - Date.parse(last.time) < 4000);
  assert.ok(!service.stdout().includes('cut off'));
});

test('a start that cannot work is one sentence and exit code 1', async () => {
  const failure = async (settings) => {
    const service = await started(settings);
    assert.equal(await service.exited, 1);
    return JSON.parse(service.lines.at(-1)).msg;
  };
  assert.equal(await failure({ TOKEN_KEY: 'short' }), 'auth-service cannot start: TOKEN_KEY has fewer than 32 bytes');
  assert.equal(await failure({ DATABASE_URL: '' }), 'auth-service cannot start: DATABASE_URL is not set');
  assert.equal(
    await failure({ DATABASE_URL: 'postgresql://auth_service@127.0.0.1:9/shop' }),
    'auth-service cannot start: PostgreSQL cannot be reached (ECONNREFUSED)',
  );
  assert.match(await failure({ REDIS_URL: 'redis://127.0.0.1:9/0' }), /^auth-service cannot start: Redis cannot be/);
});

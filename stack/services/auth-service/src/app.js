import fastify from 'fastify';
import { createAccounts } from './accounts.js';
import { createKeys } from './keys.js';
import { createLimits } from './limits.js';
import { exception } from './log.js';
import { createPasswords } from './passwords.js';
import { addRoutes } from './routes.js';
import { createSessions } from './sessions.js';
import { createStore } from './store.js';
import { createTokens } from './tokens.js';
import { callerAddress, identify } from './tracing.js';

const BODY_LIMIT = 16 * 1024;
const SLOW_MS = 500;
const MAX_AGENT = 400;
const UNMEASURED = new Set(['/health', '/metrics']);

/** The application, complete but not listening. */
export function createApp({ config, pool, redis, metrics, log, version }) {
  const store = createStore(pool);
  const limits = createLimits({ redis, log, loginsPerMinute: config.loginsPerMinute });
  const tokens = createTokens(config.tokenKey);
  const passwords = createPasswords({ log, timer: (labels) => metrics.hashing.startTimer(labels) });
  const sessions = createSessions({ store, limits, tokens, metrics, log });
  const accounts = createAccounts({ store, limits, passwords, sessions, metrics, log });
  const keys = createKeys({ store, sessions, metrics, log });
  metrics.watchPool(pool);
  metrics.watchHashing(passwords);

  const app = fastify({
    bodyLimit: BODY_LIMIT,
    return503OnClosing: false, // what arrives on an open connection during a stop is still answered
    ajv: { customOptions: { coerceTypes: false } },
  });
  app.decorateRequest('caller', null);
  observe(app, { metrics, log });
  addRoutes(app, { accounts, sessions, keys, log });
  app.get('/health', async () => ({ status: 'ok', version }));
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.register.contentType);
    return metrics.register.metrics();
  });
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ error: 'not_found' }));
  app.setErrorHandler(async (error, request, reply) => {
    const [status, code] = outcome(error);
    const where = `${request.method} ${request.routeOptions.url ?? request.url}`;
    if (status >= 500) {
      const requestId = request.caller?.requestId;
      log.error(
        { 'event.name': 'request.failed', 'request.id': requestId, ...exception(error) },
        `${where} failed: ${code}`,
      );
    }
    return reply.code(status).send({ error: code });
  });
  return app;
}

function observe(app, { metrics, log }) {
  app.addHook('onRequest', async (request) => {
    if (UNMEASURED.has(request.url)) return;
    metrics.active.inc();
    request.caller = {
      address: callerAddress(request.raw),
      agent: request.headers['x-client-agent']?.slice(0, MAX_AGENT) ?? null,
      requestId: request.headers['x-request-id'],
      identify: (ids) => identify(request.raw, ids),
    };
  });
  app.addHook('onResponse', async (request, reply) => {
    if (UNMEASURED.has(request.url)) return;
    metrics.active.dec();
    const route = request.routeOptions.url ?? '';
    const duration = reply.elapsedTime;
    metrics.requests.observe(
      { http_request_method: request.method, http_route: route, http_response_status_code: reply.statusCode },
      duration / 1000,
    );
    if (duration > SLOW_MS) {
      log.warn(
        {
          'event.name': 'request.slow',
          'http.route': route,
          'request.id': request.caller?.requestId,
          duration_ms: Math.round(duration),
        },
        `${request.method} ${route} took ${Math.round(duration)} ms`,
      );
    }
  });
}

const DATABASE_BUSY = new Set(['53300', '55P03', '57014']);
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']);

function outcome({ code = '', message, statusCode }) {
  if (statusCode >= 400 && statusCode < 500) return [statusCode, 'invalid_request'];
  // pg-pool and pg name these by message only.
  if (DATABASE_BUSY.has(code) || /^(timeout exceeded|Query read timeout)/.test(message)) return [503, 'busy'];
  if (UNREACHABLE.has(code) || /^(57P0|08)/.test(code) || message.startsWith('Connection terminated')) {
    return [503, 'unavailable'];
  }
  return [500, 'internal_error'];
}

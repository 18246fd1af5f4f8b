import { event } from './log.js';
import { Refusal } from './refusal.js';

// PostgreSQL stores no NUL.
const text = (maxLength) => ({ type: 'string', minLength: 1, maxLength, pattern: '^[^\\u0000]*$' });
const token = { type: 'string' }; // of any shape: what is no token is refused as one
const tenant = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 };
const ROLES = ['customer', 'partner', 'clerk', 'admin'];

const BODIES = {
  register: { email: text(254), password: text(256), name: text(200), tenant_id: tenant },
  login: { email: text(254), password: text(256) },
  refresh: { refresh_token: token },
  access: { access_token: token },
  key: { api_key: token },
  password: { access_token: token, current: text(256), new: text(256) },
  createKey: { access_token: token, name: text(100) },
  roles: {
    access_token: token,
    roles: { type: 'array', items: { enum: ROLES }, minItems: 1, uniqueItems: true },
  },
};

/** Every property is required. Errors are answered here, so that none quotes a body. */
const route = (name) => ({
  schema: { body: { type: 'object', required: Object.keys(BODIES[name]), properties: BODIES[name] } },
  attachValidation: true,
});

export function addRoutes(app, { accounts, sessions, keys, log }) {
  const answer = (status, work) =>
    async function handler(request, reply) {
      try {
        if (request.validationError) {
          log.info(
            event('request.invalid', request.caller, {
              failure: 'INVALID_REQUEST',
              'http.route': request.routeOptions.url,
            }),
            `${request.method} ${request.routeOptions.url} refused: ${request.validationError.message}`,
          );
          throw new Refusal(400, 'invalid_request');
        }
        const result = await work(request.body, request.caller, request.params);
        return reply.code(status).send(result);
      } catch (error) {
        // Answered rather than thrown: a refusal is not an error of this service, and must not mark its spans.
        if (error instanceof Refusal) return reply.code(error.status).send({ error: error.code });
        throw error;
      }
    };

  app.post('/v1/register', route('register'), answer(201, accounts.register));
  app.post('/v1/login', route('login'), answer(200, accounts.login));
  app.post('/v1/password', route('password'), answer(204, accounts.changePassword));
  app.put(
    '/v1/users/:id/roles',
    route('roles'),
    answer(200, (body, caller, { id }) => accounts.changeRoles(id, body, caller)),
  );
  app.post('/v1/refresh', route('refresh'), answer(200, sessions.refresh));
  app.post('/v1/logout', route('access'), answer(204, sessions.logout));
  app.post('/v1/verify', route('access'), answer(200, sessions.verify));
  app.post('/v1/verify-key', route('key'), answer(200, keys.verify));
  app.post('/v1/keys', route('createKey'), answer(201, keys.create));
}

import { LOCK_SECONDS, MAX_FAILURES } from './limits.js';
import { event } from './log.js';
import { weakness } from './passwords.js';
import { Refusal } from './refusal.js';
import { inSpan } from './tracing.js';

const EMAIL = /^[^\s@]{1,64}@[^\s@]+\.[^\s@]{2,}$/;
const FOREIGN_KEY_VIOLATION = '23503';

const normal = (email) => email.trim().toLowerCase();

/** Registration, login and what a signed-in person changes about an account. */
export function createAccounts({ store, limits, passwords, sessions, metrics, log }) {
  async function register({ email: given, password, name, tenant_id: tenantId }, caller) {
    const email = normal(given);
    const refuse = (status, code, failure, message, more) => {
      log.info(event('auth.register', caller, { tenantId, failure, method: 'password', ...more }), message);
      throw new Refusal(status, code);
    };

    if (!EMAIL.test(email)) {
      refuse(422, 'invalid_email', 'INVALID_EMAIL', 'registration refused: not an e-mail address');
    }
    const weak = weakness(password, email);
    if (weak) {
      refuse(422, 'weak_password', 'WEAK_PASSWORD', `registration refused: weak password, ${weak}`, {
        'password.weakness': weak,
      });
    }
    const passwordHash = await passwords.hash(password);
    const userId = await store.addUser({ tenantId, email, name, passwordHash }).catch((error) => {
      if (error.code !== FOREIGN_KEY_VIOLATION) throw error;
      return refuse(422, 'unknown_tenant', 'UNKNOWN_TENANT', `registration refused: no tenant ${tenantId}`);
    });
    if (userId === null) {
      refuse(409, 'email_taken', 'EMAIL_TAKEN', 'registration refused: the address has an account');
    }

    caller.identify({ userId, tenantId });
    await store.audit(userId, 'register', 'success', caller.address);
    const { tokens } = await sessions.open({ id: userId, tenant_id: tenantId, roles: ['customer'] }, caller);
    log.info(
      event('auth.register', caller, { userId, tenantId, sessionId: tokens.session_id, method: 'password' }),
      `${userId} registered with tenant ${tenantId}`,
    );
    return tokens;
  }

  async function login({ email: given, password }, caller) {
    const started = performance.now();
    const email = normal(given);
    if (!(await limits.admit(caller.address))) {
      metrics.logins.inc({ outcome: 'rate_limited' });
      log.warn(
        event('auth.login', caller, { failure: 'TOO_MANY_REQUESTS', method: 'password' }),
        `too many logins from ${caller.address}`,
      );
      throw new Refusal(429, 'too_many_requests');
    }
    const failures = await limits.failures(email);
    const user = await store.userByEmail(email);
    if (user) caller.identify({ userId: user.id, tenantId: user.tenant_id });
    if (failures >= MAX_FAILURES || user?.locked_until > new Date()) await refuseLocked(user, caller);
    await checkPassword(user, email, password, caller);

    if (failures > 0) await limits.forget(email);
    if (passwords.outdated(user.password_hash)) {
      await store.setPassword(user.id, await passwords.hash(password));
      log.info({ 'event.name': 'auth.password.rehashed', 'user.id': user.id }, `password of ${user.id} hashed anew`);
    }
    const { tokens, familiar } = await sessions.open(user, caller);
    await store.audit(user.id, 'login', 'success', caller.address);
    metrics.logins.inc({ outcome: 'success' });
    const duration = Math.round(performance.now() - started);
    const who = { userId: user.id, tenantId: user.tenant_id, sessionId: tokens.session_id, method: 'password' };
    log.info(
      event('auth.login', caller, { ...who, 'user.roles': user.roles, duration_ms: duration }),
      `${user.id} logged in after ${duration} ms`,
    );
    if (familiar === false) {
      log.info(
        event('auth.address.new', caller, who),
        `${user.id} was not seen at ${caller.address} before`,
      );
    }
    return tokens;
  }

  async function refuseLocked(user, caller) {
    metrics.logins.inc({ outcome: 'locked' });
    await store.audit(user?.id ?? null, 'login', 'locked', caller.address);
    log.warn(
      event('auth.login', caller, {
        userId: user?.id,
        tenantId: user?.tenant_id,
        failure: 'ACCOUNT_LOCKED_OUT',
        method: 'password',
      }),
      user ? `login of ${user.id} refused: the account is locked` : 'login refused: the address is locked, no account',
    );
    throw new Refusal(423, 'account_locked');
  }

  async function checkPassword(user, email, password, caller) {
    const right = await (user ? passwords.verify(user.password_hash, password) : passwords.verifyNobody(password));
    if (right) return;
    const failures = await limits.fail(email);
    metrics.logins.inc({ outcome: 'invalid_credentials' });
    await store.audit(user?.id ?? null, 'login', 'failure', caller.address);
    log.info(
      event('auth.login', caller, {
        userId: user?.id,
        tenantId: user?.tenant_id,
        failure: user ? 'INVALID_CREDENTIALS' : 'USER_DOES_NOT_EXIST',
        method: 'password',
        'auth.failures': failures,
      }),
      user ? `wrong password for ${user.id}, failure ${failures}` : 'login with an address that has no account',
    );
    if (user && failures === MAX_FAILURES) await lock(user, caller);
    throw new Refusal(401, 'invalid_credentials');
  }

  async function lock(user, caller) {
    await store.lock(user.id, LOCK_SECONDS);
    await store.audit(user.id, 'lock', 'success', caller.address);
    metrics.lockouts.inc();
    log.warn(
      event('auth.account.locked', caller, {
        userId: user.id,
        tenantId: user.tenant_id,
        'auth.failures': MAX_FAILURES,
      }),
      `${user.id} locked for ${LOCK_SECONDS / 60} minutes after ${MAX_FAILURES} wrong passwords`,
    );
  }

  async function changePassword({ access_token: token, current, new: replacement }, caller) {
    const { user_id: userId, session_id: sessionId } = await sessions.authenticate(token, caller);
    const user = await store.userById(userId);
    const refuse = (status, code, failure, message) => {
      log.info(event('auth.password.change', caller, { userId, sessionId, failure, method: 'password' }), message);
      throw new Refusal(status, code);
    };

    const locked = (await limits.failures(user.email)) >= MAX_FAILURES;
    const kept = `password of ${userId} not changed`;
    if (locked || !(await passwords.verify(user.password_hash, current))) {
      if (!locked && (await limits.fail(user.email)) === MAX_FAILURES) await lock(user, caller);
      await store.audit(userId, 'password', 'failure', caller.address);
      refuse(401, 'invalid_credentials', 'INVALID_CREDENTIALS', `${kept}: the current one is wrong`);
    }
    const weak = weakness(replacement, user.email);
    if (weak) refuse(422, 'weak_password', 'WEAK_PASSWORD', `${kept}: the new one is ${weak}`);

    await store.setPassword(userId, await passwords.hash(replacement));
    const ended = await store.revokeOthers(userId, sessionId);
    await store.audit(userId, 'password', 'success', caller.address);
    log.info(
      event('auth.password.change', caller, { userId, sessionId, method: 'password', 'sessions.revoked': ended }),
      `${userId} changed the password, ${ended} other sessions ended`,
    );
  }

  async function changeRoles(targetId, { access_token: token, roles }, caller) {
    const admin = await sessions.authenticate(token, caller);
    const who = { userId: admin.user_id, sessionId: admin.session_id, method: 'bearer', 'user.target.id': targetId };
    const refuse = (status, code, failure, message) => {
      log.warn(event('auth.role.change', caller, { ...who, failure }), message);
      throw new Refusal(status, code);
    };

    if (!admin.roles.includes('admin')) {
      await store.audit(admin.user_id, 'roles', 'forbidden', caller.address);
      refuse(403, 'forbidden', 'FORBIDDEN', `${admin.user_id} may not change the roles of ${targetId}`);
    }
    const before = await store.setRoles(targetId, roles);
    if (!before) refuse(404, 'not_found', 'USER_DOES_NOT_EXIST', `roles not changed: no user ${targetId}`);
    await store.audit(targetId, 'roles', 'success', caller.address);
    log.warn(
      event('auth.role.change', caller, { ...who, 'user.roles.old': before, 'user.roles.new': roles }),
      `${admin.user_id} changed the roles of ${targetId} from ${before} to ${roles}`,
    );
    return { user_id: targetId, roles };
  }

  const traced = (name, work) => (...args) => inSpan(name, {}, () => work(...args));
  return {
    register: traced('account.register', register),
    login: traced('account.login', login),
    changePassword: traced('account.change_password', changePassword),
    changeRoles: traced('account.change_roles', changeRoles),
  };
}

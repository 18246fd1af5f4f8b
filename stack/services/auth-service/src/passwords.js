import argon2 from '@node-rs/argon2';
import pLimit from 'p-limit';
import { Refusal } from './refusal.js';
import { inSpan } from './tracing.js';

const COST = { algorithm: argon2.Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const CURRENT = '$argon2id$v=19$m=19456,t=2,p=1$';
const AT_ONCE = 2; // each takes 19 MiB and a core
const MAX_WAITING = 64; // about a second of work
const MIN_LENGTH = 8;
const MAX_LENGTH = 128;
const COMMON = new Set([
  '12345678', '123456789', '1234567890', '11111111', '00000000', '87654321', 'password', 'password1', 'password123',
  'passw0rd', 'qwertyui', 'qwerty123', 'qwertyuiop', '1q2w3e4r', 'iloveyou', 'sunshine', 'princess', 'football',
  'baseball', 'welcome1', 'letmein1', 'superman', 'abcd1234', 'abc12345', 'trustno1',
]);

/** Hashing, a few at once. `timer` measures each run, `log` hears when the queue grows. */
export function createPasswords({ timer, log }) {
  const limit = pLimit(AT_ONCE);

  async function run(operation, work) {
    if (limit.pendingCount >= MAX_WAITING) {
      log.error({ 'queue.length': limit.pendingCount }, 'password hashing refused: too many waiting');
      throw new Refusal(503, 'busy');
    }
    return inSpan(`password.${operation}`, { 'queue.length': limit.pendingCount }, (span) =>
      limit(async () => {
        span.addEvent('dequeued');
        const stop = timer({ operation });
        try {
          return await work();
        } finally {
          stop();
        }
      }),
    );
  }

  // Somebody who does not exist must take as long as somebody who does.
  const nobody = argon2.hash(crypto.randomUUID(), COST);

  return {
    hash: (password) => run('hash', () => argon2.hash(password, COST)),
    verify: (hash, password) => run('verify', async () => argon2.verify(hash, password)),
    verifyNobody: (password) => run('verify', async () => (await argon2.verify(await nobody, password)) && false),
    outdated: (hash) => !hash.startsWith(CURRENT),
    waiting: () => limit.pendingCount,
  };
}

/** Why a password is too weak, or null. */
export function weakness(password, email) {
  if (password.length < MIN_LENGTH) return 'too_short';
  if (password.length > MAX_LENGTH) return 'too_long';
  const lower = password.toLowerCase();
  if (COMMON.has(lower) || new Set(lower).size < 4) return 'common';
  const mailbox = email.split('@')[0];
  if (mailbox.length >= 4 && lower.includes(mailbox)) return 'contains_email';
  return null;
}

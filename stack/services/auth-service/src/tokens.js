import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT, errors, jwtVerify } from 'jose';
import { Refusal } from './refusal.js';

export const ACCESS_SECONDS = 15 * 60;
const ALGORITHM = 'HS256';
const ISSUER = 'auth-service';
const AUDIENCE = 'shop';
const CLOCK_TOLERANCE = 5;

/** What is stored, and what may stand in a query or a Redis key, in place of a token. */
export const sha256 = (text) => createHash('sha256').update(text).digest();

export const refreshToken = () => `nwr_${randomBytes(24).toString('hex')}`;
export const apiKey = () => `nwk_${randomBytes(20).toString('hex')}`;

export function createTokens(key) {
  return {
    sign({ user_id, tenant_id, roles, session_id }) {
      return new SignJWT({ tid: tenant_id, roles, sid: session_id })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(user_id)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${ACCESS_SECONDS}s`)
        .sign(key);
    },

    /** The claims of a token that is genuine and current. An expired one still says whose it was: `refusal.claims`. */
    async open(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          clockTolerance: CLOCK_TOLERANCE,
          requiredClaims: ['sub', 'sid', 'jti', 'exp'],
        });
        return payload;
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          throw Object.assign(new Refusal(401, 'expired_token'), { claims: error.payload });
        }
        if (error instanceof errors.JOSEError) throw new Refusal(401, 'invalid_token');
        throw error;
      }
    },
  };
}

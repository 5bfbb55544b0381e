export { ConfigError, LOG_LEVELS, configFields, readConfig } from './config.ts';
export type { LogLevel } from './config.ts';
export {
  contextHeaders,
  currentContext,
  isSafeId,
  isTraceparent,
  newTraceparent,
  runInContext,
  traceIdOf,
} from './context.ts';
export type { Context } from './context.ts';
export { decryptKept, encryptionKeyField, KeyEncryption } from './key-encryption.ts';
export { createLogger } from './logger.ts';
export type { Logger, LoggerOptions } from './logger.ts';
export { redact, redactText } from './redact.ts';
export { Problem } from './problem.ts';
export type { FieldError, ProblemBody, ProblemOptions } from './problem.ts';
export { newId, timeOfId } from './id.ts';
export {
  AnswerTooLong,
  LARGE_ANSWER_BYTES,
  readJson,
  readText,
  SMALL_ANSWER_BYTES,
} from './bounded-answer.ts';
export { fetchWithin, TimeoutError, withDeadline } from './deadline.ts';
export type { Deadline, Fetch } from './deadline.ts';
export { endpoint } from './endpoint.ts';
export { assertGranted, assertOperatorOrGranted } from './assert-granted.ts';
export { createHealth } from './health.ts';
export type { Health, Readiness } from './health.ts';
export { createMetrics } from './metrics.ts';
export {
  CLIENT_ADDRESS_HEADER,
  rememberVerdicts,
  remoteAuthenticator,
  remoteVerifier,
  SERVICE_KEY_HEADER,
  timeLeftMs,
} from './auth.ts';
export type { Authenticate, Caller, RemoteAuthenticatorOptions, Verdict, Verify } from './auth.ts';
export {
  TOKEN_LIFETIME_SECONDS,
  createTokenIssuer,
  generateSigningKey,
  looksLikeSession,
  looksLikeToken,
  verifyToken,
} from './token.ts';
export type { IssuedToken, Principal, TokenIssuer, VerifiedToken } from './token.ts';
export { main, runParts } from './lifecycle.ts';
export type { Part, RunOptions } from './lifecycle.ts';
export { ANSWER_WITHIN_MS } from './http/answer-timeouts.ts';
export { createApi } from './http/api.ts';
export { clientAddress, networkOf } from './http/client-address.ts';
export { bearerOf, unauthenticated } from './http/operation.ts';
export { unauthenticatedCounter } from './http/unauthenticated.ts';
export { JsonText, Streamed } from './http/route.ts';
export type { Api, ApiOptions } from './http/api.ts';
export type {
  HandlerInput,
  HandlerResult,
  ProblemDefinition,
  ResponseDefinition,
  Responses,
  Route,
} from './http/route.ts';
export { httpServer } from './http/server.ts';
export { httpConfigFields, httpSettings } from './http/settings.ts';
export type { HttpSettings } from './http/settings.ts';
export type { HttpServer, HttpServerOptions } from './http/server.ts';

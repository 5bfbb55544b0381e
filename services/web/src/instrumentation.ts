import type { Instrumentation } from 'next';

/**
 * Called once, before the first request. Next compiles this file for edge runtimes too, which have no process to
 * end; the constant is put in by the compiler, and with it goes what only Node can do.
 */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { checkSettings } = await import('./starting.ts');
    checkSettings();
    const { rememberRemoteAddresses } = await import('./session/client-address.ts');
    rememberRemoteAddresses();
  }
}

export const onRequestError: Instrumentation.onRequestError = async (error, request) => {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { logRequestError } = await import('./starting.ts');
    logRequestError(error, request);
  }
};

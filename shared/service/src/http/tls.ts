import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { isNativeError } from 'node:util/types';
import type { RequestListener } from 'node:http';
import type { Server, ServerOptions } from 'node:https';
import { ConfigError } from '../config.ts';
import type { Logger } from '../logger.ts';

/** Where a server's certificate (with the chain to its CA) and private key are, both as PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** @throws {ConfigError} if a file cannot be read, or the key is not the certificate's */
function readCertificate({ certFile, keyFile }: TlsFiles): ServerCertificate {
  const certificate = { cert: read('TLS_CERT_FILE', certFile), key: read('TLS_KEY_FILE', keyFile) };
  try {
    createSecureContext(certificate);
  } catch (error) {
    throw new ConfigError(
      `TLS_CERT_FILE and TLS_KEY_FILE must be a certificate and its private key in PEM (${messageOf(error)}).`,
      { cause: error },
    );
  }
  return certificate;
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${variable} must be a file that can be read, but it is ${JSON.stringify(file)} (${messageOf(error)}).`,
      { cause: error },
    );
  }
}

const messageOf = (error: unknown): string => (isNativeError(error) ? error.message : String(error));

export interface TlsServerOptions {
  readonly files: TlsFiles;
  readonly options: ServerOptions;
  readonly handle: RequestListener;
  readonly logger: Logger;
  /** How often it looks for a new certificate. */
  readonly renewEveryMs: number;
}

/**
 * A server for https that serves new files as soon as they are there, since certificates are replaced while programs
 * run. It reads them at intervals: file events are lost where Kubernetes swaps a mounted folder. Files that do not
 * fit together, such as a new certificate with the old key, leave the server as it is until the next reading.
 *
 * @throws {ConfigError} if the first files cannot be used
 */
export function tlsServer({ files, options, handle, logger, renewEveryMs }: TlsServerOptions): Server {
  let served = readCertificate(files);
  let reported = '';
  const server = createServer({ ...options, ...served }, handle);
  const renew = () => {
    try {
      const found = readCertificate(files);
      reported = '';
      if (found.cert === served.cert && found.key === served.key) return;
      server.setSecureContext(found);
      served = found;
      logger.info({ file: files.certFile }, 'serving a new certificate');
    } catch (error) {
      if (messageOf(error) === reported) return;
      reported = messageOf(error);
      logger.warn({ reason: reported }, 'the new certificate cannot be used: the old one is served');
    }
  };
  const timer = setInterval(renew, renewEveryMs).unref();
  server.once('close', () => clearInterval(timer));
  return server;
}

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Checks the file of certification authorities that NODE_EXTRA_CA_CERTS names. Node itself only warns about a wrong
 * file, and then refuses every server with a reason that does not name it.
 *
 * @returns a sentence about what is wrong; undefined if all is well
 */
export function wrongExtraCaCerts({ NODE_EXTRA_CA_CERTS: file }: NodeJS.ProcessEnv): string | undefined {
  if (file === undefined || file === '') return undefined;
  const reason = unusable(file);
  if (reason === undefined) return undefined;
  return `NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but ${JSON.stringify(file)} ${reason}.`;
}

function unusable(file: string): string | undefined {
  try {
    const certificates = readFileSync(file, 'utf8').match(CERTIFICATE) ?? [];
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates.length === 0 ? 'holds none' : undefined;
  } catch (error) {
    return `cannot be read (${isNativeError(error) ? error.message : String(error)})`;
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A release series of RabbitMQ, such as 4.3. Data folders of versions before 3.13 do not show the minor version. */
interface Series {
  major: number;
  minor: number;
}

const BEFORE_3_13: Series = { major: 3, minor: 0 };

class OtherRabbitmqVersion extends Error {
  constructor(written: Series, have: string) {
    const by = written === BEFORE_3_13 ? 'a RabbitMQ before 3.13' : `RabbitMQ ${nameOf(written)}`;
    super(
      `The broker's data was written by ${by}, and here is ${have}, which cannot read it. Install the earlier broker ` +
        'again to keep the data, or `npm run reset` forgets all data.',
    );
    this.name = 'OtherRabbitmqVersion';
  }
}

/**
 * Checks that a broker can read what is in its data folder. RabbitMQ 4 ends at once over data of a RabbitMQ before 3.13,
 * and an older broker hangs over data of a newer one or overlooks it (https://www.rabbitmq.com/docs/upgrade).
 *
 * @param version of the broker, such as `4.3.6`
 * @throws OtherRabbitmqVersion with what to do
 */
export function assertReadable(dataFolder: string, version: string): void {
  const written = dataSeries(dataFolder);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (written === undefined || (written === BEFORE_3_13 && major === 3)) return;
  if (written === BEFORE_3_13 || isNewer(written, { major, minor }))
    throw new OtherRabbitmqVersion(written, version);
}

/** True where there is data that `assertReadable` judges. */
export const hasData = (dataFolder: string): boolean => dataSeries(dataFolder) !== undefined;

/** Which RabbitMQ wrote the data, by the feature flags that it has enabled; undefined when there is no data. */
function dataSeries(dataFolder: string): Series | undefined {
  const flags = enabledFlags(dataFolder);
  if (flags === undefined) return undefined;
  const minors = [...flags.matchAll(/'rabbitmq_4\.(\d+)\.0'/g)].map(([, minor]) => Number(minor));
  if (minors.length > 0) return { major: 4, minor: Math.max(...minors) };
  return /\bmessage_containers\b/.test(flags) ? { major: 3, minor: 13 } : BEFORE_3_13;
}

/** The list that RabbitMQ keeps beside the folder of its node, as Erlang writes it. */
function enabledFlags(dataFolder: string): string | undefined {
  try {
    const file = readdirSync(dataFolder).find((name) => name.endsWith('-feature_flags'));
    return file === undefined ? undefined : readFileSync(path.join(dataFolder, file), 'utf8');
  } catch {
    return undefined;
  }
}

const isNewer = (one: Series, other: Series): boolean =>
  one.major > other.major || (one.major === other.major && one.minor > other.minor);

const nameOf = ({ major, minor }: Series): string => `${major}.${minor}`;

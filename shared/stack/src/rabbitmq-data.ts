import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A release series of RabbitMQ, such as 4.3. Data of versions before 3.11 does not show the minor version. */
interface Series {
  major: number;
  minor: number;
}

const BEFORE_3_11: Series = { major: 3, minor: 0 };

/**
 * Feature flags that a series introduced, the latest first: new data has all of its broker's
 * (https://www.rabbitmq.com/docs/3.13/feature-flags). From 4.0 on the flag is named by the series, as `rabbitmq_4.3.0`.
 */
const INTRODUCED_BY: readonly [flag: RegExp, series: Series][] = [
  [/\bmessage_containers\b/, { major: 3, minor: 13 }],
  [/\brestart_streams\b/, { major: 3, minor: 12 }],
  [/\bfeature_flags_v2\b/, { major: 3, minor: 11 }],
];

/**
 * The oldest data that a series and those after it take over, the latest first: "Upgrades from earlier series are not
 * supported" (https://github.com/rabbitmq/rabbitmq-server/blob/main/release-notes/4.3.0.md, and 4.2.0.md for 4.0 to
 * 4.2; https://www.rabbitmq.com/docs/3.13/upgrade). The flags of the older series must be enabled, as the data shows.
 */
const TAKES_OVER: readonly { from: Series; oldest: Series }[] = [
  { from: { major: 4, minor: 3 }, oldest: { major: 4, minor: 2 } },
  { from: { major: 4, minor: 0 }, oldest: { major: 3, minor: 13 } },
  { from: { major: 3, minor: 13 }, oldest: { major: 3, minor: 12 } },
  { from: { major: 3, minor: 12 }, oldest: { major: 3, minor: 11 } },
];

class OtherRabbitmqVersion extends Error {
  constructor(written: Series, installed: string, reason: string) {
    super(
      `The broker's data has the feature flags of RabbitMQ ${nameOf(written)}, but RabbitMQ ${installed} is installed, ` +
        `which ${reason}. To keep the data, install a version that can read it, and upgrade as ` +
        'https://www.rabbitmq.com/docs/upgrade says. To delete all data of Payfan, run `npm run reset`.',
    );
    this.name = 'OtherRabbitmqVersion';
  }
}

/**
 * Checks that a broker may take over what is in its data folder. Otherwise it ends at once, hangs, overlooks the data,
 * or converts it in a way that RabbitMQ does not support.
 *
 * @param version of the broker, such as `4.3.6`
 * @throws OtherRabbitmqVersion with what to do
 */
export function assertReadable(dataFolder: string, version: string): void {
  const written = dataSeries(dataFolder);
  if (written === undefined) return;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const installed = { major, minor };
  if (isNewer(written, installed))
    throw new OtherRabbitmqVersion(written, version, 'cannot read data of a later version');
  const oldest = TAKES_OVER.find(({ from }) => !isNewer(from, installed))?.oldest ?? BEFORE_3_11;
  if (isNewer(oldest, written)) {
    const reason = `takes over data of RabbitMQ ${nameOf(oldest)} and later only`;
    throw new OtherRabbitmqVersion(written, version, reason);
  }
}

/** True where there is data that `assertReadable` judges. */
export const hasData = (dataFolder: string): boolean => dataSeries(dataFolder) !== undefined;

/** Which RabbitMQ wrote the data, by the feature flags that it has enabled; undefined when there is no data. */
function dataSeries(dataFolder: string): Series | undefined {
  const flags = enabledFlags(dataFolder);
  if (flags === undefined) return undefined;
  const named = [...flags.matchAll(/'rabbitmq_(\d+)\.(\d+)\.0'/g)].map(([, major, minor]) => ({
    major: Number(major),
    minor: Number(minor),
  }));
  if (named.length > 0) return named.reduce((latest, one) => (isNewer(one, latest) ? one : latest));
  return INTRODUCED_BY.find(([flag]) => flag.test(flags))?.[1] ?? BEFORE_3_11;
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

const nameOf = (series: Series): string =>
  series === BEFORE_3_11 ? '3.10 or earlier' : `${series.major}.${series.minor}`;

export const dynamic = 'force-dynamic';

/** It keeps nothing itself; what the APIs cannot tell is said on the pages. */
export const GET = () => Response.json({ status: 'ready', checks: {} });

import Link from 'next/link';
import { Page } from '../ui/page.tsx';

export default function NotFound() {
  return (
    <Page title="There is no such page" description="The address may be mistyped, or the page has moved.">
      <p>
        <Link href="/" prefetch={false} className="font-medium text-accent underline underline-offset-4">
          Go to the wallet
        </Link>
      </p>
    </Page>
  );
}

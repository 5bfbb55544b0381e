import { Button, type ButtonProps } from './button.tsx';
import { useHeld } from './use-held.ts';

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Asks for the next page of a list; gone when there is none. */
export function More({ pages, ...rest }: { pages: Pages } & Omit<ButtonProps, 'busy' | 'over' | 'onClick'>) {
  const { isHeld, holding } = useHeld();
  if (!pages.hasNextPage && !isHeld) return null;
  return (
    <Button
      {...rest}
      {...holding}
      busy={pages.isFetchingNextPage}
      over={!pages.hasNextPage}
      onClick={() => void pages.fetchNextPage()}
    />
  );
}

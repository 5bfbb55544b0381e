'use client';

import { useState, type SubmitEvent } from 'react';
import { type ApiError, asApiError } from '../api/api-error.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Field, Input } from '../ui/field.tsx';
import { DemoPeople } from './demo-people-cards.tsx';
import { useSession } from './session-provider.tsx';

/** Who are you? A demo person, where there are any, or the owner of a key. */
export function SignIn({ demo }: { demo: boolean }) {
  const { signIn } = useSession();
  const [busyWith, setBusyWith] = useState<string>();
  const [error, setError] = useState<ApiError>();

  async function enter(key: string) {
    setBusyWith(key);
    setError(undefined);
    try {
      await signIn(key);
    } catch (failure) {
      setError(asApiError(failure));
      setBusyWith(undefined);
    }
  }

  return (
    <div className="mx-auto grid w-full max-w-md gap-6 py-6 sm:py-14">
      <div className="text-center">
        <h1 className="text-[26px] leading-8 font-semibold tracking-tight">Money moves. People know.</h1>
        <p className="mx-auto mt-2 max-w-sm text-muted">
          Send money between wallets and watch every alert arrive, by push, phone and email.
        </p>
      </div>
      {error !== undefined && <ErrorNote error={error} />}
      {demo && (
        <section aria-labelledby="demo-people" className="grid gap-2">
          <h2 id="demo-people" className="text-[13px] font-medium text-muted">
            Continue as a demo person
          </h2>
          <DemoPeople busyWith={busyWith} onChoose={(key) => void enter(key)} />
        </section>
      )}
      <KeyForm demo={demo} busyWith={busyWith} onEnter={(key) => void enter(key)} />
    </div>
  );
}

interface KeyFormProps {
  demo: boolean;
  busyWith: string | undefined;
  onEnter: (key: string) => void;
}

function KeyForm({ demo, busyWith, onEnter }: KeyFormProps) {
  const [key, setKey] = useState('');
  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (key.trim() !== '') onEnter(key.trim());
  }
  return (
    <Card className="p-5">
      <form onSubmit={submit} className="grid gap-4">
        <Field
          label={demo ? 'Or paste a key of yours' : 'Your key'}
          hint="Kept in a cookie that no script can read, until you sign out."
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="off"
              spellCheck={false}
              required
              maxLength={512}
              value={key}
              onChange={(event) => setKey(event.target.value)}
            />
          )}
        </Field>
        <Button
          type="submit"
          look="primary"
          busy={busyWith !== undefined && busyWith === key.trim()}
          disabled={busyWith !== undefined}
        >
          Sign in
        </Button>
      </form>
    </Card>
  );
}

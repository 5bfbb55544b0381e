'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type ApiError, asApiError } from '../api/api-error.ts';
import { useApiClient } from '../api/api-provider.tsx';
import { drainGateway, operationsKeys, type Gateway } from '../api/operations.ts';
import { useGateways } from '../api/use-operations.ts';
import { formatCount } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Panel } from '../ui/panel.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Status } from '../ui/status.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { useToast } from '../ui/toasts.tsx';
import { NotKnown } from './not-known.tsx';

/** Who is connected, and where; and how to have a gateway's clients move elsewhere. */
export function GatewaysPanel() {
  const gateways = useGateways();
  const [draining, setDraining] = useState<Gateway>();
  return (
    <>
      <Panel
        title="Gateways"
        description="Who is connected, by transport."
        state={panelStateOf(gateways, {
          when: (all) => all.length === 0,
          title: 'There are no gateways',
          hint: 'Nobody is told anything live. Start one, and it shows here.',
        })}
        skeleton={<Skeleton className="h-24" />}
      >
        <Table label="Gateways">
          <thead>
            <tr>
              <Th>Gateway</Th>
              <Th>State</Th>
              <Th className="text-right">WebSocket</Th>
              <Th className="text-right">SSE</Th>
              <Th className="text-right">Polling</Th>
              <Th className="text-right">Topics</Th>
              <Th className="text-right">Up</Th>
              <Th className="relative">
                <span className="sr-only">Actions</span>
              </Th>
            </tr>
          </thead>
          <tbody>
            {(gateways.data ?? []).map((gateway) => (
              <Row key={gateway.id} gateway={gateway} onDrain={() => setDraining(gateway)} />
            ))}
          </tbody>
        </Table>
      </Panel>
      <DrainDialog gateway={draining} onClose={() => setDraining(undefined)} />
    </>
  );
}

function Row({ gateway, onDrain }: { gateway: Gateway; onDrain: () => void }) {
  const { id, address, connections, topics, draining, uptimeSeconds, error } = gateway;
  return (
    <tr>
      <Td>
        <p className="font-medium whitespace-nowrap">{id}</p>
        {address !== id && <p className="font-mono text-xs whitespace-nowrap text-muted">{address}</p>}
      </Td>
      <Td>
        <State draining={draining} error={error} />
      </Td>
      <Count value={connections?.websocket} />
      <Count value={connections?.sse} />
      <Count value={connections?.polling} />
      <Count value={topics ?? undefined} />
      <Td className="text-right whitespace-nowrap">
        {uptimeSeconds === null ? <NotKnown /> : formatDuration(uptimeSeconds * 1_000)}
      </Td>
      <Td className="w-px">
        {error === null && draining !== true && (
          <Button size="small" look="danger" onClick={onDrain} aria-label={`Drain ${id}`}>
            Drain…
          </Button>
        )}
      </Td>
    </tr>
  );
}

function State({ draining, error }: Pick<Gateway, 'draining' | 'error'>) {
  if (error !== null) {
    return (
      <>
        <Status tone="bad">No answer</Status>
        <p className="max-w-72 min-w-40 text-[13px] text-muted">{error}</p>
      </>
    );
  }
  if (draining === true) {
    return (
      <Status tone="warn" moving>
        Draining
      </Status>
    );
  }
  return <Status tone="good">Serving</Status>;
}

function Count({ value }: { value: number | undefined }) {
  return <Td className="text-right">{value === undefined ? <NotKnown /> : formatCount(value)}</Td>;
}

function DrainDialog({ gateway, onClose }: { gateway: Gateway | undefined; onClose: () => void }) {
  const api = useApiClient('operations');
  const queries = useQueryClient();
  const toast = useToast();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError>();
  const close = () => {
    setFailure(undefined);
    onClose();
  };
  const drain = async (id: string) => {
    setBusy(true);
    setFailure(undefined);
    try {
      await drainGateway(api, id);
      // Its row has no button any more when the dialog closes: what has the focus then is there to stay.
      queries.setQueryData<Gateway[]>(operationsKeys.gateways, (all) =>
        all?.map((one) => (one.id === id ? { ...one, draining: true } : one)),
      );
      toast({ title: 'Draining', detail: `${id} asks its clients to move, then it ends.`, kind: 'success' });
      close();
    } catch (error) {
      setFailure(asApiError(error));
    }
    setBusy(false);
    await queries.invalidateQueries({ queryKey: operationsKeys.gateways });
  };
  const { websocket = 0, sse = 0, polling = 0 } = gateway?.connections ?? {};
  return (
    <Dialog
      open={gateway !== undefined}
      onOpenChange={(open) => !open && !isBusy && close()}
      title="Drain this gateway?"
      description={gateway?.id}
      footer={
        <>
          <Button onClick={close} disabled={isBusy}>
            Cancel
          </Button>
          <Button look="danger" busy={isBusy} onClick={() => gateway !== undefined && void drain(gateway.id)}>
            Drain
          </Button>
        </>
      }
    >
      <div className="grid gap-4">
        <p>
          Its clients ({formatCount(websocket + sse + polling)} now) are asked to move to another gateway, and
          catch up there. Then the process ends; it cannot be called back.
        </p>
        {failure !== undefined && <ErrorNote error={failure} />}
      </div>
    </Dialog>
  );
}

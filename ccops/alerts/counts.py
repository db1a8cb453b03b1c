"""The agents of the centre, or of one queue, counted once each, in the form of a queue's row."""

from dataclasses import replace

from ccops.board import AgentState, Board, QueueRow


def as_queue(board: Board, queue: str | None) -> Board:
    """Return a board with one row that counts agents by state, each once however many queues they are in."""
    agents = {key: row for key, row in board.agents.items() if queue is None or queue in row.queues}
    counts = {state.value: sum(row.state is state for row in agents.values()) for state in AgentState}
    name = queue or board.link.site or "centre"
    row = replace(QueueRow(name), members=len(agents), **counts)  # type: ignore[arg-type]
    return replace(board, queues={name: row}, agents=agents, parked={})

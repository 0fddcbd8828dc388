from stack.supervisor import Supervisor


async def show(supervisor: Supervisor, *, demo: bool) -> None:
    supervisor.tell()

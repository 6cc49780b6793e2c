"""One thread for small work; knows nothing of what is computed."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Small matrices gain nothing from a second thread, and wait for it while another process is busy: the
    head's steps three times as long, the linear models' up to twenty times, measured on two cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)

"""A harness run by libFuzzer for a while: what it spends, reaches and finds."""
import os
import pathlib
import re
import signal
import subprocess
import time

from building import program
from harnesses import CACHE, corpora, options_of


def parse_log(text):
    """The figures of a libFuzzer log."""
    def last(pattern):
        found = re.findall(pattern, text)
        return int(found[-1]) if found else 0
    return {"executions": last(r"stat::number_of_executed_units:\s+(\d+)"),
            "edges": last(r"cov: (\d+)"), "features": last(r"ft: (\d+)"),
            "corpus": last(r"corp: (\d+)")}


def processor_seconds(pid):
    """What a running process has used so far; None once it is over."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stop:
    """Whether we were told to end (INT, TERM): the harness under way then ends with its figures."""
    is_wanted = False

    @classmethod
    def heed(cls):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(cls, "is_wanted", True))


def await_end(process, cpu_time):
    """Waits; a process that has had `cpu_time` is asked to end, which libFuzzer does with its figures."""
    asked = False
    while not asked:
        used = processor_seconds(process.pid)
        if used is None:
            break
        if Stop.is_wanted or (cpu_time and used >= cpu_time):
            process.send_signal(signal.SIGUSR1)
            asked = True
        time.sleep(0.2)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def be_idle():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def artifacts(findings):
    return {path.name for path in findings.iterdir() if not path.name.startswith("log-")}


def run_one(name, arguments):
    """Fuzzes one harness; returns where its findings are, how many are new, and (exit status, figures) of
    each job."""
    findings = CACHE / "findings" / name
    findings.mkdir(parents=True, exist_ok=True)
    before = artifacts(findings)
    seconds = 0 if arguments.cpu_time else arguments.time
    command = [program(arguments.engine, "fuzz", name), *options_of(name), f"-max_total_time={seconds}",
               f"-timeout={600 if arguments.idle else 20}",  # by the clock, which idle processes lose sight of
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={findings}/"]
    command += arguments.option + corpora(name)
    processes = []
    for job in range(arguments.jobs):
        log = findings / f"log-{job}"
        with open(log, "wb") as file:
            processes.append((log, subprocess.Popen([str(word) for word in command], stdout=file,
                                                    stderr=subprocess.STDOUT, start_new_session=True,
                                                    preexec_fn=be_idle if arguments.idle else None)))
    results = []
    for log, process in processes:
        status, used = await_end(process, arguments.cpu_time)
        results.append((status, parse_log(log.read_text(errors="replace")) | {"processor": used}))
    return findings, len(artifacts(findings) - before), results


def summed(results):
    """The figures of all jobs of a run: what they spent together, the most that one of them reached."""
    return ({key: sum(figures[key] for _, figures in results) for key in ("executions", "processor")},
            {key: max(figures[key] for _, figures in results) for key in ("edges", "features", "corpus")})


def show_run(name, wall, findings, results):
    total, most = summed(results)
    broken = any(status != 0 for status, _ in results)
    rate = total["executions"] / max(total["processor"], 0.1)
    print(f"| {name} | {wall:.0f} | {total['processor']:.0f} | {total['executions']:,} | {rate:,.0f} | " +
          " | ".join(str(value) for value in most.values()) + f" | {findings if broken else 'none'} |", flush=True)
    return broken

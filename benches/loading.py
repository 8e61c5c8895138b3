#!/usr/bin/env python3
"""Makes a large inventory and a large tree of roles, and times how ksplay and ansible-core load them.

    benches/loading.py KSPLAY [BIN]      BIN is the folder of ansible-playbook and ansible-inventory; without it ksplay alone

The inventory has 5,000 hosts in 50 groups. Each host sees 400 variables: 350 of all hosts, 40 of its group, 10 of its own.
Three others have 5,000 hosts with 400 variables of their own each: in a hosts file, in YAML and in host_vars.
The tree is of the size of Kubespray's: 100 roles, 600 files of YAML, 2,100 tasks.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def inventory(folder):
    def variables(name, count):
        return "".join(f'{name}_{index}: "value {index} of {{{{ inventory_hostname }}}}"\n' for index in range(count))

    write(folder / "group_vars/all.yml", variables("all", 350))
    lines = []
    for group in range(50):
        write(folder / f"group_vars/rack{group}.yml", variables("rack", 40))
        lines.append(f"[rack{group}]")
        for host in range(group * 100, group * 100 + 100):
            own = " ".join(f"own_{index}={host}x{index}" for index in range(9))
            lines.append(f"host{host} ansible_host=10.0.{group}.{host % 100} {own}")
    write(folder / "hosts", "\n".join(lines) + "\n")
    write(folder / "play.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n")


def own(folder):
    """400 variables of its own for each host, in three forms."""

    def value(host, index):
        return [str(host * 7 + index), f"h{host}x{index}", f"v{index}", f"10.0.{host % 250}.{index % 250}"][index % 4]

    hosts = {host: [(f"v{index}", value(host, index)) for index in range(400)] for host in range(5000)}
    lines = (f"host{host} " + " ".join(f"{name}={text}" for name, text in own) for host, own in hosts.items())
    write(folder / "ini/hosts", "\n".join(lines) + "\n")
    entries = {host: [f"{name}: {text}\n" for name, text in own] for host, own in hosts.items()}
    blocks = (f"    host{host}:\n" + "".join(f"      {entry}" for entry in own) for host, own in entries.items())
    write(folder / "yaml/hosts", "all:\n  hosts:\n" + "".join(blocks))
    write(folder / "files/hosts", "".join(f"host{host}\n" for host in hosts))
    for host, own in entries.items():
        write(folder / f"files/host_vars/host{host}.yml", "".join(own))
    for form in ["ini", "yaml", "files"]:
        write(folder / form / "play.yml", "- hosts: all\n  gather_facts: false\n  tasks: []\n")


def tree(folder):
    """600 files: a playbook, and 6 of each role but for one."""

    def tasks(role, part):
        return "".join(
            f"- name: Task {index} of {part} in role {role}\n"
            "  ansible.builtin.template:\n"
            f'    src: "file{index}.j2"\n'
            f'    dest: "{{{{ role{role}_dir }}}}/file{index}"\n'
            '    mode: "0644"\n'
            f"  when: role{role}_enabled | bool and inventory_hostname in groups['all']\n"
            f"  notify: Restart {role}\n"
            f"  tags: [role{role}, {part}]\n"
            for index in range(7)
        )

    for role in range(100):
        at = folder / f"roles/role{role}"
        defaults = "".join(f'role{role}_value{index}: "{{{{ role{role}_dir }}}}/{index}"\n' for index in range(20))
        write(at / "defaults/main.yml", f"role{role}_enabled: true\nrole{role}_dir: /etc/role{role}\n{defaults}")
        write(at / "handlers/main.yml", f"- name: Restart {role}\n  ansible.builtin.command: systemctl restart {role}\n")
        write(at / "tasks/main.yml", "- import_tasks: one.yml\n- import_tasks: two.yml\n" + tasks(role, "main"))
        write(at / "tasks/one.yml", tasks(role, "one"))
        write(at / "tasks/two.yml", tasks(role, "two"))
        if role:
            write(at / "meta/main.yml", "dependencies: []\n")
    roles = "".join(f"    - role{role}\n" for role in range(100))
    write(folder / "site.yml", f"- hosts: all\n  roles:\n{roles}")


def best(command, folder, rounds):
    """The least processor time of several rounds, and the most memory, in seconds and megabytes."""
    times = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times), after.ru_maxrss / 1024


def main(ksplay, ansible=None):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        inventory(folder / "inventory")
        # In a process of its own, since what this one needs counts for its children.
        if os.fork() == 0:
            own(folder / "own")
            os._exit(0)
        assert os.wait()[1] == 0
        tree(folder / "tree")
        assert sum(1 for _ in (folder / "tree").rglob("*.yml")) == 600
        commands = {
            "a play on 5,000 hosts without tasks": ("inventory", ["-i", "hosts", "play.yml"]),
            "the same, own variables in a hosts file": ("own/ini", ["-i", "hosts", "play.yml"]),
            "--list-hosts, own variables in YAML": ("own/yaml", ["-i", "hosts", "play.yml", "--list-hosts"]),
            "--list-hosts, own variables in files": ("own/files", ["-i", "hosts", "play.yml", "--list-hosts"]),
            "a play, own variables in files": ("own/files", ["-i", "hosts", "play.yml"]),
            "--list-tasks of 600 files": ("tree", ["-i", "localhost,", "--list-tasks", "site.yml"]),
        }
        # Memory is that of the largest child so far, so each engine is measured in a process of its own.
        for engine in [ksplay, ansible and os.path.join(ansible, "ansible-playbook")]:
            for what, (where, arguments) in commands.items():
                # With variables of their own the reference takes minutes.
                if engine != ksplay and where.startswith("own/"):
                    continue
                if engine and os.fork() == 0:
                    seconds, megabytes = best([engine, *arguments], folder / where, 5 if engine == ksplay else 2)
                    print(f"{os.path.basename(engine):16} {what:40} {seconds:8.3f} s {megabytes:6.0f} MB", flush=True)
                    os._exit(0)
                if engine:
                    assert os.wait()[1] == 0


main(*(os.path.abspath(argument) for argument in sys.argv[1:]))

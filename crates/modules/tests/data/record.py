#!/usr/bin/env python3
"""Records what ansible-core does with the cases of cases.jsonl into answers.jsonl.

Run it where `ansible-playbook` of ansible-core 2.19 is on the PATH. Cases that have an answer keep it; delete its line
to record it anew. Each case is run in a fresh directory three times: in check mode, for real, and for real again. After each run the tree of the directory is taken too. The
directory is written `{dir}` in cases and answers.

With `--direct`, and the Python of an installation of Ansible, the modules are run without a playbook, which takes a tenth of
the time; for modules that have no action beside them. The answers are the same.
"""
import importlib, json, os, pathlib, re, shutil, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).parent
SNAPSHOT = r'''
import json, os, stat, sys
root, tree = sys.argv[1], {}
for folder, names, files in os.walk(root):
    for name in names + files:
        path = os.path.join(folder, name)
        found, key = os.lstat(path), os.path.relpath(path, root)
        mode = "%04o" % stat.S_IMODE(found.st_mode)
        if stat.S_ISLNK(found.st_mode): tree[key] = ["link", os.readlink(path)]
        elif stat.S_ISDIR(found.st_mode): tree[key] = ["directory", mode]
        else: tree[key] = ["file", mode, open(path, "rb").read().decode("utf-8", "replace")]
print(json.dumps(tree, sort_keys=True))
'''
RUNS = [("check", True), ("first", False), ("second", False)]


def prepare(folder, setup):
    for name, what in setup.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if what is None: path.mkdir(exist_ok=True)
        elif isinstance(what, str): path.write_text(what)
        elif "link" in what: path.symlink_to(what["link"].replace("{dir}", str(folder)))
        elif "mode" in what:
            path.write_text(what.get("text", "")) if not path.is_dir() else None
            path.chmod(int(what["mode"], 8))


def direct(case, folder):
    """The answers of the module itself, each run in a process of its own."""
    from ansible.module_utils.testing import patch_module_args
    collection, _, name = case["module"].rpartition(".")
    place = "ansible.modules" if collection in ("", "ansible.builtin") else f"ansible_collections.{collection}.plugins.modules"
    module = importlib.import_module(f"{place}.{name}")
    args, runs = json.loads(json.dumps(case.get("args", {})).replace("{dir}", str(folder))), {}
    for run, check in RUNS:
        with tempfile.TemporaryFile("w+") as said:
            child = os.fork()
            if child == 0:
                os.dup2(said.fileno(), 1)
                try:
                    with patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}):
                        module.main()
                finally:
                    sys.stdout.flush()
                    os._exit(0)
            os.waitpid(child, 0)
            said.seek(0)
            result = json.loads(re.sub(r"\(\w+\.py\) module", f"({case['module']}) module", said.read()))
        if result.get("failed"): result.setdefault("changed", False)
        tree = json.loads(subprocess.check_output([sys.executable, "-c", SNAPSHOT, str(folder)]))
        runs[run] = json.loads(json.dumps({"result": result, "tree": tree}).replace(str(folder), "{dir}"))
    return runs


def main():
    answers = HERE / "answers.jsonl"
    answered = {json.loads(line)["case"] for line in answers.read_text().splitlines()} if answers.exists() else set()
    cases = [json.loads(line) for line in (HERE / "cases.jsonl").read_text().splitlines() if line.strip()]
    cases = [case for case in cases if case["case"] not in answered]
    root = pathlib.Path(tempfile.mkdtemp(prefix="record-"))
    if "--direct" in sys.argv:
        for number, case in enumerate(cases):
            folder = root / f"{number:03}"
            folder.mkdir()
            prepare(folder, case.get("setup", {}))
            line = json.dumps({"case": case["case"], **direct(case, folder)}) + "\n"
            with open(answers, "a") as out: out.write(line)
        shutil.rmtree(root)
        return
    (root / "snapshot.py").write_text(SNAPSHOT)
    tasks = []
    for number, case in enumerate(cases):
        folder = root / f"{number:03}"
        folder.mkdir()
        prepare(folder, case.get("setup", {}))
        args = json.loads(json.dumps(case.get("args", {})).replace("{dir}", str(folder)))
        for run, check in RUNS:
            name = f"r{number}_{run}"
            text = args["_raw_params"] if list(args) == ["_raw_params"] else args
            tasks.append({case["module"]: text, "check_mode": check, "diff": True, "ignore_errors": True, "register": name})
            tasks.append({"command": {"argv": ["python3", f"{root}/snapshot.py", str(folder)]}, "register": name + "_tree", "check_mode": False})
    for number in range(len(cases)):
        content = ", ".join(f"[r{number}_{run}, r{number}_{run}_tree.stdout | string]" for run, _ in RUNS)
        tasks.append({"copy": {"dest": f"{root}/r{number}", "content": "{{ [%s] | to_json }}" % content}, "diff": False})
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    (root / "play.json").write_text(json.dumps(play))
    done = subprocess.run(["ansible-playbook", str(root / "play.json")], stdout=subprocess.PIPE, text=True, cwd=root)
    if done.returncode: print(done.stdout[-3000:])
    with open(answers, "a") as out:
        for number, case in enumerate(cases):
            folder = str(root / f"{number:03}")
            recorded = json.loads((root / f"r{number}").read_text().replace(folder, "{dir}"))
            runs = {run: {"result": result, "tree": json.loads(tree)} for (run, _), (result, tree) in zip(RUNS, recorded)}
            out.write(json.dumps({"case": case["case"], **runs}) + "\n")
    shutil.rmtree(root)


main()

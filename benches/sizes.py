"""Times what `crates/template/examples/sizes.rs` times, in ansible-core and PyYAML.

Run it with a Python that has ansible-core 2.19, for example tests/collections/prepare's `venv/bin/python`.
"""

import time

import ansible.plugins.loader as plugins
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

plugins.init_plugin_loader()
loader = DataLoader()


def show(what, size, run, rounds=3):
    best = 1e9
    for _ in range(rounds):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    print(f"{what:<32} {size:>7} {best * 1000:>10.2f} ms {best / size * 1e6:>9.1f} µs each", flush=True)


def document(nodes):
    line = '- name: host{0}\n  port: {0}\n  enabled: yes\n  path: "/etc/{0}"\n  ratio: 0.5\n'
    return "".join(line.format(index) for index in range(nodes // 11))


def evaluate(text, variables):
    trusted = trust_as_template(text)
    return lambda: Templar(loader=loader, variables=variables).template(trusted)


for nodes in (100, 1_000, 10_000, 100_000):
    text = document(nodes)
    show("load YAML of so many nodes", nodes, lambda: loader.load(text))
for nodes in (100, 1_000, 10_000, 100_000):
    variables = {"data": loader.load(document(nodes))}
    for what, text in (
        ("read one of so many nodes", "{{ data[0].name }}"),
        ("select among so many nodes", "{{ data | selectattr('port', 'gt', 5) | map(attribute='name') | list }}"),
        ("write so many nodes as JSON", "{{ data | to_json }}"),
        ("loop over so many nodes", "{% for d in data %}{{ d.name }}:{{ d.port }},{% endfor %}"),
        ("append to a list for them", "{% set l = [] %}{% for d in data %}{% set _ = l.append(d.name) %}{% endfor %}{{ l }}"),
        ("change each of them", "{% for d in data %}{% set _ = d.update({'a': 1}) %}{% endfor %}{{ data }}"),
    ):
        show(what, nodes, evaluate(text, variables))
for count in (10, 100, 1_000, 10_000):
    variables = {f"v{index}": trust_as_template("{{ base }}/%d" % index) for index in range(count)}
    variables["base"] = "/opt"
    show("one of so many variables", count, evaluate("{{ v5 }}", variables))
    show("all of so many variables", count, evaluate("".join("{{ v%d }}" % i for i in range(count)), variables), 1)

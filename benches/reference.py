"""Times the template and the conditions of `crates/template/examples/template_heavy.rs` in ansible-core.

Run it with a Python that has ansible-core 2.19, for example tests/collections/prepare's `venv/bin/python`.
"""

import sys
import time

import ansible.plugins.loader as plugins
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

plugins.init_plugin_loader()
variables = {"lazy_0": "v0", "inventory_hostname": "web1"}
for index in range(1, 200):
    variables[f"lazy_{index}"] = trust_as_template("{{ lazy_%d }}.v%d" % (index // 2, index))

text = "# {{ inventory_hostname }}\n"
text += "".join("{{ lazy_%d }}\n" % index for index in range(200))
text += (
    "{% for i in range(2000) %}\n"
    "{% if i % 3 == 0 %}server{{ i }} {{ lazy_100 | upper }} {{ i | string | hash('md5') }}{% else %}"
    "peer{{ i }} {{ (i * 7) % 13 }} {{ lazy_7 | default('x') | replace('v', 'w') }}{% endif %}\n\n"
    "{% endfor %}\n"
)


def best(rounds, run):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def render():
    Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))


print(f"template of 2,000 rounds   {best(5, render) * 1000:.1f} ms")
for condition in ("item != 5 and lazy_0 == 'v0'", "lazy_150 is search('v') and item != 5", "item is defined"):
    trusted = trust_as_template(condition)

    def evaluate():
        for item in range(500):
            Templar(loader=DataLoader(), variables=variables | {"item": item}).evaluate_conditional(trusted)

    print(f"condition {condition}   {best(3, evaluate) / 500 * 1e6:.1f} µs each")
sys.stdout.flush()

"""
The other programs, each with a private configuration, which leaves out of what they look at what altimeter does not
look at by default, as far as that can be told them: netdata's plugin proc looks at the network and more all the same,
collectd at more of each CPU.
"""

import http.client
import json
import os
import re
import socket

from processes import Process, Unmeasurable, free_port, run

COLLECTD = """
Hostname "bench"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Interval 1
LoadPlugin load
LoadPlugin cpu
LoadPlugin memory
LoadPlugin swap
LoadPlugin df
LoadPlugin write_graphite
<Plugin cpu>
    ReportByCpu true
</Plugin>
<Plugin swap>
    ReportIO false
</Plugin>
<Plugin df>
{mounts}
</Plugin>
<Plugin write_graphite>
    <Node "sink">
        Host "127.0.0.1"
        Port "{port}"
        Protocol "tcp"
    </Node>
</Plugin>
"""

# Two plugins of it; what else there is, as Debian has it. Nobody asks its web server while it is measured, and it tells
# nobody else of an alarm.
NETDATA = """
[global]
    run as user = {user}
[directories]
    config = {folder}
    log = {folder}
    cache = {folder}
    lib = {folder}
    home = {folder}
    lock = {folder}
    web = {folder}
[db]
    update every = 1
[web]
    bind to = unix:{folder}/web
    web server threads = 1
[health]
    script to execute on alarm = /bin/true
[statsd]
    enabled = no
[cloud]
    enabled = no
[logs]
    access = none
[plugins]
    enable running new plugins = no
    proc = yes
    diskspace = yes
    timex = no
    idlejitter = no
    tc = no
    cgroups = no
    netdata monitoring = no
"""

# Also without files for its history, alarms and what it learns of the figures.
NETDATA_LEAN = """
[directories]
    stock config = {folder}
[db]
    mode = ram
    retention = 3600
[health]
    enabled = no
[ml]
    enabled = no
"""

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    open_file_cache_valid 1h;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 1d;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/root;
    }}
}}
"""


def collectd(folder, sink, mounts):
    """Sends to the sink, and has these disks."""
    if not os.path.exists("/etc/mtab"):
        raise Unmeasurable("collectd finds no disks without /etc/mtab: ln -s /proc/self/mounts /etc/mtab")
    path = folder / "collectd.conf"
    rows = "\n".join(f'    MountPoint "{mount}"' for mount in mounts)
    path.write_text(COLLECTD.format(folder=folder, port=sink.port, mounts=rows))
    return Process(["/usr/sbin/collectd", "-f", "-C", path], folder)


class NodeExporter(Process):
    """Answers on a port of its own, and is asked on one connection."""

    def __init__(self, folder):
        self.port = free_port()
        groups = [f"--collector.{name}" for name in ("disable-defaults", "loadavg", "cpu", "meminfo", "filesystem")]
        own = ["--web.disable-exporter-metrics", f"--web.listen-address=127.0.0.1:{self.port}"]
        super().__init__(["/usr/bin/prometheus-node-exporter", *groups, *own], folder)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def __exit__(self, *_):
        self.connection.close()
        super().__exit__()

    def scrape(self):
        self.connection.request("GET", "/metrics")
        answer = self.connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise Unmeasurable(f"node_exporter answers with {answer.status}")
        return body

    def require(self):
        """A scrape has what altimeter emits. (Of the disks it has fewer: by itself it leaves out those in /run.)"""
        scraped = self.scrape()
        for group in ("load1 ", "cpu_seconds_total{", "memory_MemFree_bytes ", "filesystem_size_bytes{"):
            name = "node_" + group
            if name not in scraped:
                raise Unmeasurable(f"node_exporter has nothing of {name}")


class Netdata(Process):
    """Its web server is on a unix socket."""

    def __init__(self, folder, user, lean):
        self.folder = folder
        text = NETDATA + NETDATA_LEAN * lean
        (folder / "netdata.conf").write_text(text.format(folder=folder, user=user))
        super().__init__(["/usr/sbin/netdata", "-D", "-c", folder / "netdata.conf"], folder)

    def require(self, *charts):
        """Each chart has figures: of the last seconds, where that of an idle CPU may be 0, and not only such ones."""
        for chart in charts:
            if all(figure is None for figure in self._figures(chart, 5)) or not any(self._figures(chart, 60)):
                raise Unmeasurable(f"netdata has no data of {chart}")

    def _figures(self, chart, seconds):
        rows = json.loads(self._get(f"/api/v1/data?chart={chart}&after=-{seconds}&format=json"))["data"]
        return [figure for row in rows for figure in row[1:]]

    def _get(self, path):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self.folder / "web"))
            client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = b""
            while part := client.recv(1 << 16):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise Unmeasurable(f"netdata answers {path} with {head[:80]!r}")
        return body


class Nginx(Process):
    """Serves these bytes as /metrics."""

    def __init__(self, folder, body, user):
        self.port = free_port()
        (folder / "root").mkdir()
        (folder / "root" / "metrics").write_bytes(body)
        said = f"user {user};" if user == "root" else ""
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=self.port, user=said))
        super().__init__(["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"], folder)


def wrk(port, path, seconds):
    """Requests a second of 32 connections; each answered with 200."""
    said = run(["wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"], seconds + 60)
    rate = re.search(r"^Requests/sec: +([0-9.]+)", said, re.M)
    if not rate or float(rate[1]) == 0 or "Non-2xx" in said or "Socket errors" in said:
        raise Unmeasurable(f"wrk: {said.strip()[-300:]}")
    return float(rate[1])

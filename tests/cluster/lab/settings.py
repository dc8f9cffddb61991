"""What the parts of the lab are told: their settings files and their command lines.

Pure: a folder and some paths in, text and words out. The reasons for settings that are not what
anybody would guess stand beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NODE: Final = "lab-node"
NODE_ADDRESS: Final = "10.77.0.1"
API: Final = f"https://{NODE_ADDRESS}:6443"
ETCD: Final = "http://127.0.0.1:2379"
SERVICES: Final = "10.96.0.0/16"
FIRST_SERVICE: Final = "10.96.0.1"
PODS: Final = "10.244.0.0/22"
DOMAIN: Final = "cluster.local"
PODS_MAX: Final = 400

Settings = dict[str, object]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the lab's parts find each other's files."""

    lab: Path
    tools: Path
    """The unpacked Debian packages."""

    stages: Path
    """The file of what kwok does with its nodes and pods."""

    control_group: str

    @property
    def certificates(self) -> Path:
        """The folder with the keys."""
        return self.lab / "pki"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.lab / "containerd.sock"

    def kubeconfig(self, user: str = "admin") -> Path:
        """How a user of the lab reaches the API server."""
        return self.lab / f"{user}.kubeconfig"


def files(at: Folders) -> dict[str, str]:
    """The settings files by their path inside the lab's folder."""
    return {
        "cni/10-lab.conflist": json.dumps(_network(), indent=1),
        "containerd.toml": _containerd(at),
        "kubelet.yaml": json.dumps(_kubelet(at), indent=1),
        "kube-proxy.yaml": json.dumps(_proxy(at), indent=1),
        "Corefile": _names(at),
    }


def command_line(name: str, at: Folders) -> list[str]:
    """What a part of the lab is started with."""
    return COMMAND_LINES[name](at)


def _network() -> Settings:
    ranges = [[{"subnet": PODS}]]
    addresses = {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"bridge": "pods0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    return {"cniVersion": "1.0.0", "name": "lab", "plugins": [{"type": "bridge", **bridge}]}


def _containerd(at: Folders) -> str:
    # Without CAP_SYS_RESOURCE, as in many sandboxes, nobody may make a process harder to kill: runc
    # then dies of an unreadable error about a pipe, unless containerd keeps to what is allowed.
    return f"""version = 2
root = "{at.lab}/containerd/content"
state = "{at.lab}/containerd/state"
[grpc]
  address = "{at.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "lab.local/pause:1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{at.tools}/usr/lib/cni"
    conf_dir = "{at.lab}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


def _kubelet(at: Folders) -> Settings:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "healthzBindAddress": NODE_ADDRESS,
        "containerRuntimeEndpoint": f"unix://{at.containerd_socket}",
        # Old control groups are refused from 1.35 on unless somebody says that they are meant.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{at.control_group}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "resolvConf": "",
        "clusterDomain": DOMAIN,
        "clusterDNS": [NODE_ADDRESS],
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": f"{at.certificates}/ca.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "tlsCertFile": f"{at.certificates}/kubelet.crt",
        "tlsPrivateKeyFile": f"{at.certificates}/kubelet.key",
        # A full disk of the machine is not what the tests are about.
        "evictionHard": {
            "nodefs.available": "0%",
            "imagefs.available": "0%",
            "memory.available": "100Mi",
        },
        "imageGCHighThresholdPercent": 100,
        "maxPods": PODS_MAX,
        "volumePluginDir": f"{at.lab}/volume-plugins",
    }


def _proxy(at: Folders) -> Settings:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": PODS,
        "hostnameOverride": NODE,
        "bindAddress": NODE_ADDRESS,
        "healthzBindAddress": f"{NODE_ADDRESS}:10256",
        "metricsBindAddress": f"{NODE_ADDRESS}:10249",
        "clientConnection": {"kubeconfig": str(at.kubeconfig())},
        # The machine's own settings of connection tracking stay as they are.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _names(at: Folders) -> str:
    return f""".:53 {{
  bind {NODE_ADDRESS}
  errors
  ready {NODE_ADDRESS}:8181
  kubernetes {DOMAIN} in-addr.arpa {{
    kubeconfig {at.kubeconfig()} lab
    ttl 5
  }}
}}
"""


def _etcd(at: Folders) -> list[str]:
    # Nothing of a lab needs to survive a loss of power.
    return [
        f"--data-dir={at.lab}/etcd",
        "--unsafe-no-fsync",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
    ]


def _api_server(at: Folders) -> list[str]:
    keys = at.certificates
    return [
        f"--etcd-servers={ETCD}",
        "--secure-port=6443",
        f"--bind-address={NODE_ADDRESS}",
        f"--advertise-address={NODE_ADDRESS}",
        f"--tls-cert-file={keys}/apiserver.crt",
        f"--tls-private-key-file={keys}/apiserver.key",
        f"--client-ca-file={keys}/ca.crt",
        f"--service-account-key-file={keys}/accounts.pub",
        f"--service-account-signing-key-file={keys}/accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        f"--kubelet-client-certificate={keys}/admin.crt",
        f"--kubelet-client-key={keys}/admin.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
    ]


# The defaults are made to be kind to a shared API server; with them a thousand Deployments take
# four minutes, and the tests would measure the limits instead of us.
UNHURRIED: Final = ["--kube-api-qps=500", "--kube-api-burst=1000", "--leader-elect=false"]


def _controllers(at: Folders) -> list[str]:
    return [
        f"--kubeconfig={at.kubeconfig()}",
        f"--root-ca-file={at.certificates}/ca.crt",
        f"--service-account-private-key-file={at.certificates}/accounts.key",
        "--use-service-account-credentials=true",
        "--bind-address=127.0.0.1",
        "--concurrent-deployment-syncs=50",
        "--concurrent-replicaset-syncs=50",
        "--concurrent-service-endpoint-syncs=50",
        *UNHURRIED,
    ]


def _scheduler(at: Folders) -> list[str]:
    return [f"--kubeconfig={at.kubeconfig()}", "--bind-address=127.0.0.1", *UNHURRIED]


def _kubelet_line(at: Folders) -> list[str]:
    return [
        f"--config={at.lab}/kubelet.yaml",
        f"--kubeconfig={at.kubeconfig('kubelet')}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        f"--root-dir={at.lab}/kubelet",
        f"--cert-dir={at.lab}/kubelet-certificates",
    ]


def _kwok(at: Folders) -> list[str]:
    # It looks after the nodes that are marked for it, and leaves the real one alone.
    return [
        f"--kubeconfig={at.kubeconfig()}",
        f"--config={at.stages}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-lease-duration-seconds=40",
        "--cidr=10.245.0.1/16",
        f"--node-ip={NODE_ADDRESS}",
    ]


COMMAND_LINES: Final = {
    "etcd": _etcd,
    "kube-apiserver": _api_server,
    "containerd": lambda at: [f"--config={at.lab}/containerd.toml"],
    "kube-controller-manager": _controllers,
    "kube-scheduler": _scheduler,
    "kubelet": _kubelet_line,
    "kube-proxy": lambda at: [f"--config={at.lab}/kube-proxy.yaml"],
    "coredns": lambda at: ["-conf", f"{at.lab}/Corefile"],
    "kwok": _kwok,
}
"""Every part of the lab, in the order in which they are started."""

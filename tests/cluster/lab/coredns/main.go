// A CoreDNS with the few plugins that the lab's Corefile names. Upstream's own main package links
// every plugin there is, with the client libraries of four clouds; a test cluster needs none of them.
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	coremain.Run()
}

// Answers DNS questions over UDP as the plugin whoami of CoreDNS does (https://coredns.io/plugins/whoami/): with who
// asked. Of CoreDNS's configuration, which -conf names, it only makes sure that this is what is wanted.
package main

import (
	"bytes"
	"flag"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/miekg/dns"
)

func main() {
	path := flag.String("conf", "Corefile", "CoreDNS's configuration")
	flag.Parse()
	configuration, err := os.ReadFile(*path)
	if err != nil {
		log.Fatal(err)
	}
	if !bytes.Contains(configuration, []byte("whoami")) {
		log.Fatalf("%s does not ask for whoami, the one plugin that there is here", *path)
	}
	log.Fatal((&dns.Server{Addr: ":53", Net: "udp", Handler: dns.HandlerFunc(answer)}).ListenAndServe())
}

func answer(w dns.ResponseWriter, question *dns.Msg) {
	log.Printf("%s asks %v", w.RemoteAddr(), question.Question)
	reply := new(dns.Msg).SetReply(question)
	reply.Authoritative = true
	if len(question.Question) == 1 {
		reply.Extra = whoami(question.Question[0].Name, w.RemoteAddr())
	}
	if err := w.WriteMsg(reply); err != nil {
		log.Print(err)
	}
}

// whoami is the address of the client as A or AAAA, and its port as SRV.
func whoami(name string, client net.Addr) []dns.RR {
	host, port, err := net.SplitHostPort(client.String())
	number, wrong := strconv.ParseUint(port, 10, 16)
	ip := net.ParseIP(host)
	if err != nil || wrong != nil || ip == nil {
		log.Fatalf("address of a client: %v", client)
	}
	header := func(name string, kind uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET}
	}
	var address dns.RR = &dns.AAAA{Hdr: header(name, dns.TypeAAAA), AAAA: ip}
	if ip.To4() != nil {
		address = &dns.A{Hdr: header(name, dns.TypeA), A: ip}
	}
	return []dns.RR{address, &dns.SRV{Hdr: header("_udp."+name, dns.TypeSRV), Port: uint16(number), Target: "."}}
}

// SPDX-License-Identifier: Apache-2.0

// h2server is what the HTTP client is tested against over HTTP/2: Go's own server, which is also the
// one inside a Kubernetes API server. It does what a path asks for, prints "PORT" when it listens,
// and ends when its standard input does.
//
//	h2server CERT.pem KEY.pem MAX_STREAMS
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type server struct {
	mu       sync.Mutex
	accepted int
	open     map[net.Conn]bool
	watches  int
	killed   chan struct{}  // closed by the first /kill
	requests map[string]int // by method and path
	tick     chan struct{}  // closed and replaced: each watch sends a line
}

func (s *server) connState(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.accepted++
		s.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
	}
}

// watch sends a line at once and one more at each /tick, until the client goes.
func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.watches++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.watches--
		s.mu.Unlock()
	}()
	for {
		s.mu.Lock()
		next := s.tick
		s.mu.Unlock()
		fmt.Fprintln(w, "line")
		w.(http.Flusher).Flush()
		select {
		case <-next:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *server) tickAll() {
	s.mu.Lock()
	close(s.tick)
	s.tick = make(chan struct{})
	s.mu.Unlock()
}

// kill resets all connections.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn()
		}
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
	select {
	case <-s.killed:
	default:
		close(s.killed)
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests[r.Method+" "+r.URL.Path]++
	s.mu.Unlock()
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	switch r.URL.Path {
	case "/stats": // "ACCEPTED WATCHES POSTS": for the test itself
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(w, "%d %d %d", s.accepted, s.watches, s.requests["POST /kill"])
	case "/watch":
		s.watch(w, r)
	case "/tick":
		s.tickAll()
	case "/goaway": // what --goaway-chance of an API server does
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "going")
	case "/abort": // RST_STREAM in the middle of the answer
		fmt.Fprint(w, "half an")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case "/slow": // n bytes, one each 5 ms
		for i := 0; i < n; i++ {
			fmt.Fprint(w, "s")
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	case "/big":
		w.Write(make([]byte, n))
	case "/headers": // n headers of 1,000 bytes
		for i := 0; i < n; i++ {
			w.Header().Add("X-Many", strings.Repeat("h", 992))
		}
	case "/canary": // see test_http_wipe.c
		io.Copy(io.Discard, r.Body)
		canary := make([]byte, 24)
		for i := range canary {
			canary[i] = byte('A' + (i*7+3*i*i+3)%26)
		}
		w.Write(bytes.Repeat(canary, 1+10000*len(r.URL.RawQuery)))
	case "/echo":
		io.Copy(w, r.Body)
	case "/until-kill": // no answer on a connection that /kill will reset
		select {
		case <-s.killed:
		case <-r.Context().Done():
		}
	case "/kill":
		io.Copy(io.Discard, r.Body)
		s.kill()
	default:
		fmt.Fprintf(w, "%s %s", r.Proto, r.Host)
	}
}

func main() {
	log.SetOutput(io.Discard)
	maxStreams, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	s := &server{
		open:     map[net.Conn]bool{},
		requests: map[string]int{},
		tick:     make(chan struct{}),
		killed:   make(chan struct{}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	h := &http.Server{
		Handler:   s,
		ConnState: s.connState,
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
	}
	panic(h.ServeTLS(listener, os.Args[1], os.Args[2]))
}

// Go's gorilla/websocket, as in its own chat example: a hub, and two goroutines for each connection. As its
// documentation recommends beyond that, a message to many is a PreparedMessage, and write buffers come from a pool, so that
// who is idle holds none; where a connection's goroutines outlive the handler, the server's own buffers are let go.
package main

import (
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	writeWait  = 10 * time.Second
	pongWait   = 60 * time.Second
	pingPeriod = (pongWait * 9) / 10
)

var upgrader = websocket.Upgrader{
	ReadBufferSize:  1024,
	WriteBufferSize: 1024,
	WriteBufferPool: &sync.Pool{},
}

type hub struct {
	clients    map[*client]bool
	broadcast  chan []byte
	register   chan *client
	unregister chan *client
}

type client struct {
	hub  *hub
	conn *websocket.Conn
	send chan *websocket.PreparedMessage
}

func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
			joined, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte("joined"))
			if err != nil {
				log.Fatal(err)
			}
			c.send <- joined
		case c := <-h.unregister:
			if h.clients[c] {
				delete(h.clients, c)
				close(c.send)
			}
		case text := <-h.broadcast:
			message, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
			if err != nil {
				log.Fatal(err)
			}
			for c := range h.clients {
				select {
				case c.send <- message:
				default:
					close(c.send)
					delete(h.clients, c)
				}
			}
		}
	}
}

func (c *client) readPump() {
	defer func() {
		c.hub.unregister <- c
		c.conn.Close()
	}()
	c.conn.SetReadLimit(128 * 1024)
	c.conn.SetReadDeadline(time.Now().Add(pongWait))
	c.conn.SetPongHandler(func(string) error { return c.conn.SetReadDeadline(time.Now().Add(pongWait)) })
	for {
		_, text, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		c.hub.broadcast <- text
	}
}

func (c *client) writePump() {
	ticker := time.NewTicker(pingPeriod)
	defer func() {
		ticker.Stop()
		c.conn.Close()
	}()
	for {
		select {
		case message, ok := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				c.conn.WriteMessage(websocket.CloseMessage, []byte{})
				return
			}
			if c.conn.WritePreparedMessage(message) != nil {
				return
			}
		case <-ticker.C:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if c.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

// rooms holds a hub for each path.
type rooms struct {
	sync.Mutex
	hubs map[string]*hub
}

func (r *rooms) hub(path string) *hub {
	r.Lock()
	defer r.Unlock()
	if h, ok := r.hubs[path]; ok {
		return h
	}
	h := &hub{
		clients:    make(map[*client]bool),
		broadcast:  make(chan []byte),
		register:   make(chan *client),
		unregister: make(chan *client),
	}
	r.hubs[path] = h
	go h.run()
	return h
}

func main() {
	rooms := rooms{hubs: make(map[string]*hub)}
	http.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		conn, err := upgrader.Upgrade(w, request, nil)
		if err != nil {
			log.Println(err)
			return
		}
		h := rooms.hub(request.URL.Path)
		c := &client{hub: h, conn: conn, send: make(chan *websocket.PreparedMessage, 256)}
		h.register <- c
		go c.writePump()
		go c.readPump()
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

"""Every query of the hub, by subject. Each function joins the transaction of the connection it is given."""

"""What a broker needs from us: configuration, rights and accounts, for Mosquitto and for the embedded amqtt."""
